#!/usr/bin/python3
"""A server that says 408 before it was asked (RFC 9110 15.5.9) and once more while the connection is idle, and answers what
is asked all the same."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, csv_of

draw = People("early_timeout")
groups = [draw.persons(n) for n in (3, 4, 5)]
case = Case(__file__)
for people in groups:
    case.persons(people)
    body = csv_of(people).encode()
    case.item("responder", "body", {name: len(people) for name in ("cn.resident_id", "cn.mobile", "net.email")}, body)
SERVER = """
import socket, sys
timeout = b'HTTP/1.1 408 Request Timeout\\r\\nContent-Length: 0\\r\\n\\r\\n'
listening = socket.create_server((sys.argv[1], 80))
s, _ = listening.accept()
s.sendall(timeout)
for n in range(3):
    head = b''
    while not head.endswith(b'\\r\\n\\r\\n'):
        head += s.recv(4096)
    body = open(sys.argv[2 + n], 'rb').read()
    s.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Type: text/csv\\r\\nContent-Length: %d\\r\\n\\r\\n' % len(body) + body)
    if n == 1:
        s.sendall(timeout)
s.recv(1)
"""
CLIENT = """
import socket, sys, time
s = socket.create_connection((sys.argv[1], 80))
lines = s.makefile('rb')
def answer():
    length = 0
    while (line := lines.readline()) != b'\\r\\n':
        if line.lower().startswith(b'content-length:'):
            length = int(line.split(b':')[1])
    lines.read(length)
answer()
for name in ('a', 'b', 'c'):
    s.sendall(b'GET /%s.csv HTTP/1.1\\r\\nHost: lab.example\\r\\n\\r\\n' % name.encode())
    answer()
    if name == 'b':
        answer()
s.close()
"""
with Lab(__file__) as lab:
    files = [lab.file(f"{i}.csv", csv_of(people).encode()) for i, people in enumerate(groups)]
    lab.server([sys.executable, "-c", SERVER, SERVER4, *files], port=80)
    lab.capture()
    lab.client([sys.executable, "-c", CLIENT, SERVER4])
    lab.stop_capture()
case.write("An answer to nobody",
           "What a server says unasked answers nothing, and every later answer still meets its request.",
           "Python socket client -> Python socket server, IPv4",
           tshark_faults={"responder": "tshark pairs answers by their order alone"})
