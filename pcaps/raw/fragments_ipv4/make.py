#!/usr/bin/python3
"""Datagrams of logger(1) and netcat over a link with a small MTU: the kernel cuts them into IPv4 fragments."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))

from lab import SERVER4, Case, Lab, People
from lab.pieces import tshark_rows, udp_payloads

draw = People("fragments_ipv4")
people = draw.persons(180)
case = Case(__file__)
case.persons(people, ("name", "resident_id", "mobile"))


def lines(persons):
    return "；".join(f"姓名={p['name']} 身份证={p['resident_id']} 手机={p['mobile']}" for p in persons)


first, second, third = people[:60], people[60:120], people[120:]
batch = lines(third).encode("gbk")
for persons in (first, second, third):
    case.item("initiator", "datagram", {"cn.resident_id": len(persons), "cn.mobile": len(persons)})
with Lab(__file__, mtu=1280) as lab:
    lab.server(["nc", "-u", "-l", "-k", "5514"], port=5514, stdout=subprocess.DEVNULL)
    lab.capture()
    for persons in (first, second):
        lab.client(["logger", "-n", SERVER4, "-P", "5514", "--udp", "--size", "8KiB", "--rfc5424=notime,nohost", "-t", "portal",
                    lines(persons)])
    lab.client(["logger", "-n", SERVER4, "-P", "5514", "--udp", "-t", "portal", "a datagram that fits"])
    lab.client(["nc", "-u", "-w", "1", SERVER4, "5514"], input=batch)
    lab.stop_capture()
sent = udp_payloads(lab.path, 5514)
assert len(sent) == 4 and sent[3] == batch and lines(first).encode() in sent[0] and lines(second).encode() in sent[1], sent
pieces = len(tshark_rows(lab.path, "ip.flags.mf==1 or ip.frag_offset>0", "ip.id"))
assert pieces > 5, pieces
case.write("IPv4 fragments of UDP", "Datagrams that the kernel cut into fragments are put together; each is one item.",
           f"logger and nc -> nc, UDP 5514, IPv4, MTU 1280: 3 datagrams in {pieces} fragments; port 5514",
           stderr_has=[f"fragments +{pieces}, whole datagrams 3\n"])
