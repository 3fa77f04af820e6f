#!/usr/bin/python3
"""The capture begins inside a keep-alive connection, with the server's answer to the first request."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import TCP

from lab import SERVER4, Case, Lab, People, csv_of, json_of
from lab.holes import frames_of, payload_of, write_frames

draw = People("server_first")
before, after, asked = draw.persons(4), draw.persons(5), draw.person()
first, second = json_of(before).encode(), csv_of(after).encode()
case = Case(__file__)
case.persons(before + after)
case.secret(asked["mobile"])
case.item("responder", "body", {"cn.resident_id": 4, "cn.mobile": 4, "net.email": 4}, first)
case.item("initiator", "url", {"cn.mobile": 1})
case.item("responder", "body", {"cn.resident_id": 5, "cn.mobile": 5, "net.email": 5}, second)
with Lab(__file__) as lab:
    lab.www("first.json", first)
    lab.www("second.csv", second)
    lab.app(SERVER4, 80)
    lab.capture()
    lab.curl(f"http://{SERVER4}/first.json", f"http://{SERVER4}/second.csv?mobile={asked['mobile']}")
    frames = frames_of(lab.stop_capture(keep=False))
begin = next(i for i, f in enumerate(frames) if f.haslayer(TCP) and payload_of(f).startswith(b"HTTP/1.1 200"))
write_frames(os.path.join(case.folder, "input.pcap"), frames[begin:])
case.write("No handshake, the server first",
           "Who asks is told by what is said: the sender of the first packet is the server, and named so.",
           "curl -> Python's http.server, IPv4; everything before the first answer was taken out of the file")
