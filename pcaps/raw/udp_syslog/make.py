#!/usr/bin/python3
"""syslog datagrams by logger(1), and one in GBK by netcat."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))

from lab import SERVER4, Case, Lab, People

draw = People("udp_syslog")
a, b, c = draw.persons(3)
landline = draw.landline()
case = Case(__file__)
case.secret(a["name"], a["resident_id"], a["mobile"], b["email"], c["name"], c["resident_id"], landline)
case.item("initiator", "datagram", {"cn.resident_id": 1, "cn.mobile": 1})
case.item("initiator", "datagram", {"net.email": 1})
case.item("initiator", "datagram", {"cn.resident_id": 1, "cn.landline": 1})
with Lab(__file__) as lab:
    lab.server(["nc", "-u", "-l", "-k", "5514"], port=5514, stdout=subprocess.DEVNULL)
    lab.capture()
    for message in (f"实名认证成功 姓名={a['name']} 身份证={a['resident_id']} 手机={a['mobile']}",
                    "connection from 10.66.0.2 closed, 1532 bytes", f"password reset mail sent to email={b['email']}"):
        lab.client(["logger", "-n", SERVER4, "-P", "5514", "--udp", "--rfc5424=notime,nohost", "-t", "portal", message])
    lab.client(["nc", "-u", "-w", "1", SERVER4, "5514"],
               input=f"姓名：{c['name']}，身份证号：{c['resident_id']}，座机：{landline}".encode("gbk"))
    lab.stop_capture()
case.write("UDP datagrams", "A datagram is one item, in UTF-8 or GBK; one without personal data is silent.",
           "logger and nc -> nc, UDP 5514, IPv4")
