#!/usr/bin/python3
"""Five requests in one packet, answered in order; nginx does not wait for the client."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, csv_of, json_of

draw = People("pipelined")
first, last, asked, posted = draw.persons(3), draw.persons(4), draw.person(), draw.persons(2)
bodies = {"a.csv": csv_of(first).encode(), "d.json": json_of(last).encode()}
upload = csv_of(posted).encode()
case = Case(__file__)
case.persons(first + last + posted)
case.secret(asked["mobile"])
case.item("responder", "body", {"cn.resident_id": 3, "cn.mobile": 3, "net.email": 3}, bodies["a.csv"])
case.item("responder", "body", {"cn.resident_id": 4, "cn.mobile": 4, "net.email": 4}, bodies["d.json"])
case.item("initiator", "url", {"cn.mobile": 1})
case.item("initiator", "body", {"cn.resident_id": 2, "cn.mobile": 2, "net.email": 2}, upload)
get = "GET %s HTTP/1.1\r\nHost: lab.example\r\n\r\n"
requests = (get % "/a.csv" + "HEAD /d.json HTTP/1.1\r\nHost: lab.example\r\n\r\n" +
            get % f"/missing?mobile={asked['mobile']}" +
            f"PUT /dav/up.csv HTTP/1.1\r\nHost: lab.example\r\nContent-Length: {len(upload)}\r\n\r\n").encode() + upload
requests += b"GET /d.json HTTP/1.1\r\nHost: lab.example\r\nConnection: close\r\n\r\n"
CLIENT = """
import socket, sys
s = socket.create_connection((sys.argv[1], 80))
s.sendall(open(sys.argv[2], 'rb').read())
while s.recv(65536):
    pass
"""
with Lab(__file__) as lab:
    for name, body in bodies.items():
        lab.www(name, body)
    lab.nginx()
    lab.capture()
    lab.client([sys.executable, "-c", CLIENT, SERVER4, lab.file("requests", requests)])
    lab.stop_capture()
case.write("Pipelined requests", "Messages are told apart inside one packet; HEAD has a length and no body.",
           "Python socket client -> nginx, IPv4; GET, HEAD, GET (404), PUT, GET in one write",
           tshark_faults={"responder": "tshark pairs answers with the last request it saw and gives HEAD's a body"})
