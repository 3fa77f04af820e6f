#!/usr/bin/python3
"""Datagrams of netcat over a link with IPv6's least MTU, both ways: the kernel cuts them into IPv6 fragments."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))

from lab import SERVER6, Case, Lab, People
from lab.pieces import tshark_rows, udp_payloads

draw = People("fragments_ipv6")
people = draw.persons(80)
case = Case(__file__)
case.persons(people, ("resident_id", "email"))


def lines(persons):
    return "".join(f"身份证号：{p['resident_id']} 邮箱：{p['email']}\n" for p in persons).encode()


question, answer = lines(people[:30]), lines(people[30:])
case.item("initiator", "datagram", {"cn.resident_id": 30, "net.email": 30})
case.item("responder", "datagram", {"cn.resident_id": 50, "net.email": 50})
with Lab(__file__, mtu=1280) as lab:
    server = lab.server(["nc", "-6", "-u", "-l", "7000"], port=7000, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    lab.capture()
    client = lab.spawn(["nc", "-6", "-u", SERVER6, "7000"], lab.a, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    client.stdin.write(question)
    client.stdin.flush()
    time.sleep(0.5)
    server.stdin.write(answer)
    server.stdin.flush()
    time.sleep(0.5)
    lab.stop_capture()
assert udp_payloads(lab.path, 7000) == [question]
assert [bytes.fromhex(r[0].replace(":", "")) for r in tshark_rows(lab.path, "udp.srcport==7000", "udp.payload")] == [answer]
pieces = len(tshark_rows(lab.path, "ipv6.fraghdr", "ipv6.src"))
assert pieces > 4, pieces
case.write("IPv6 fragments of UDP", "IPv6 datagrams in fragments are put together, in both directions of a flow.",
           f"nc -> nc, UDP 7000, IPv6, MTU 1280: 2 datagrams in {pieces} fragments; port 7000",
           stderr_has=[f"fragments +{pieces}, whole datagrams 2\n"])
