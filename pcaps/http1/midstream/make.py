#!/usr/bin/python3
"""The capture begins inside a keep-alive connection, with its second request."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import TCP

from lab import SERVER4, Case, Lab, People, csv_of, json_of
from lab.holes import frames_of, payload_of, write_frames

draw = People("midstream")
before, after = draw.persons(4), draw.persons(5)
first, second = json_of(before).encode(), csv_of(after).encode()
case = Case(__file__)
case.persons(before + after)
case.item("responder", "body", {"cn.resident_id": 5, "cn.mobile": 5, "net.email": 5}, second)
with Lab(__file__) as lab:
    lab.www("first.json", first)
    lab.www("second.csv", second)
    lab.nginx()
    lab.capture()
    lab.curl(f"http://{SERVER4}/first.json", f"http://{SERVER4}/second.csv")
    frames = frames_of(lab.stop_capture(keep=False))
begin = next(i for i, f in enumerate(frames) if f.haslayer(TCP) and payload_of(f).startswith(b"GET /second.csv"))
write_frames(os.path.join(case.folder, "input.pcap"), frames[begin:])
case.write("No handshake", "A connection is picked up in its middle; who opened it is told by its first packet.",
           "curl -> nginx, IPv4; everything before the second request was taken out of the file")
