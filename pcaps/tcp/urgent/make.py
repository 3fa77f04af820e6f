#!/usr/bin/python3
"""A sender that puts an urgent byte into the middle of each number (MSG_OOB); the receiver reads the stream
without them, as any program does that does not ask for them."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People

SENDER = """
import socket, sys, time
s = socket.create_connection((sys.argv[1], 9000))
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for line in sys.stdin.read().splitlines():
    before, after = line.split("|")
    s.sendall(before.encode())
    time.sleep(0.02)
    s.send(b"#", socket.MSG_OOB)
    time.sleep(0.02)
    s.sendall(after.encode() + b"\\n")
    time.sleep(0.02)
s.shutdown(socket.SHUT_WR)
s.recv(1)
"""
RECEIVER = """
import socket
l = socket.create_server(("0.0.0.0", 9000))
while True:
    s, _ = l.accept()
    text = b""
    while more := s.recv(4096):
        text += more
    s.close()
    if text:
        open("{out}", "wb").write(text)
"""

people = People("urgent").persons(5)
lines = [f"客户身份证号：{p['resident_id'][:9]}|{p['resident_id'][9:]}，谢谢" for p in people]
case = Case(__file__)
case.persons(people, ("resident_id",))
# One reading without urgent bytes, for they follow each other soon.
case.item("initiator", "conflict", {"cn.resident_id": 5})
with Lab(__file__) as lab:
    out = os.path.join(lab.work, "received")
    lab.server([sys.executable, "-c", RECEIVER.format(out=out)], port=9000)
    lab.capture()
    lab.client([sys.executable, "-c", SENDER, SERVER4], input="\n".join(lines).encode())
    lab.stop_capture()
    with open(out, "rb") as received:
        assert received.read().decode() == "".join(l.replace("|", "") + "\n" for l in lines), "out of the stream"
case.write("Urgent bytes inside numbers", "A receiver takes urgent bytes out of the stream (RFC 6093): what it reads then is "
           "found.", "Python sockets, MSG_OOB, TCP over IPv4; the receiver read the numbers whole")
