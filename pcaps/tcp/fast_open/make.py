#!/usr/bin/python3
"""TCP Fast Open: the second connection's data travels on its SYN (RFC 7413)."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People
from lab.holes import frames_of, payload_of
from scapy.all import TCP

SENDER = """
import socket, sys
for text in sys.stdin.read().split("|"):
    s = socket.socket()
    s.sendto(text.encode(), socket.MSG_FASTOPEN, (sys.argv[1], 9000))
    s.shutdown(socket.SHUT_WR)
    s.recv(1)
    s.close()
"""
RECEIVER = """
import socket
l = socket.socket()
l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
l.bind(("0.0.0.0", 9000))
l.setsockopt(socket.IPPROTO_TCP, 23, 16)
l.listen()
while True:
    s, _ = l.accept()
    while s.recv(4096):
        pass
    s.close()
"""

people = People("fast_open").persons(8)
texts = ["".join(f"身份证号：{p['resident_id']} 手机号：{p['mobile']}\n" for p in some) for some in (people[:3], people[3:])]
case = Case(__file__)
case.persons(people, ("resident_id", "mobile"))
for text, n in zip(texts, (3, 5)):
    case.item("initiator", "raw", {"cn.resident_id": n, "cn.mobile": n}, text.encode())
with Lab(__file__) as lab:
    for ns in (lab.a, lab.b):
        lab.spawn(["sysctl", "-q", "-w", "net.ipv4.tcp_fastopen=3"], ns).wait(5)
    lab.server([sys.executable, "-c", RECEIVER], port=9000)
    lab.capture()
    lab.client([sys.executable, "-c", SENDER, SERVER4], input="|".join(texts).encode())
    lab.stop_capture()
syns = [len(payload_of(f)) for f in frames_of(os.path.join(case.folder, "input.pcap"))
        if f.haslayer(TCP) and f[TCP].flags.S and not f[TCP].flags.A]
assert texts[1].encode() and len(texts[1].encode()) in syns, syns
case.write("Fast Open", "Data on a SYN is read, where the answer shows that it was taken.",
           "Python sockets with MSG_FASTOPEN, TCP over IPv4: a cookie first, then data on the SYN")
