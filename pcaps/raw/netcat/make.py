#!/usr/bin/python3
"""Lines of text through netcat: UTF-8 on one connection, GBK on the other."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))

from lab import SERVER6, Case, Lab, People

draw = People("netcat")
utf8, gbk = draw.persons(7), draw.persons(8)
ssns, ibans = [draw.ssn() for _ in range(3)], [draw.iban() for _ in range(2)]


def lines(people):
    return "".join(f"姓名：{p['name']}，身份证号码：{p['resident_id']}，联系电话：{p['mobile']}\n" for p in people)


texts = [(lines(utf8) + "".join(f"Employee SSN: {s}\n" for s in ssns) + "".join(f"IBAN: {s}\n" for s in ibans)).encode(),
         lines(gbk).encode("gbk")]
case = Case(__file__)
case.persons(utf8 + gbk, ("name", "resident_id", "mobile"))
case.secret(*ssns, *ibans)
case.item("initiator", "raw", {"cn.resident_id": 7, "cn.mobile": 7, "us.ssn": 3, "payment.iban": 2}, texts[0])
case.item("initiator", "raw", {"cn.resident_id": 8, "cn.mobile": 8}, texts[1])
with Lab(__file__) as lab:
    ports = (9000, 9001)
    for port in ports:
        lab.server(["nc", "-6", "-l", str(port)], port=port, stdout=subprocess.DEVNULL)
    lab.capture(name="input.pcapng", tool="dumpcap")
    for port, text in zip(ports, texts):
        lab.client(["nc", "-N", SERVER6, str(port)], input=text)
    lab.stop_capture()
case.write("Plain TCP text", "Raw streams are read in their charset, found without a declaration.",
           "nc -> nc, TCP over IPv6, pcapng by dumpcap")
