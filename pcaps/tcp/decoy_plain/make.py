#!/usr/bin/python3
"""An upload to nginx; before each segment of its body one with other bytes that looks like any other. The first
version is what a receiver would have kept, and the second holds the persons: both are read."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import CLIENT4, SERVER4, Case, Lab, People, csv_of
from lab.decoys import decoy, upload
from lab.holes import write_frames

draw = People("decoy_plain")
people, fakes = draw.persons(60), draw.persons(30)
body = csv_of(people).encode()
fake = csv_of(fakes).encode()
assert len(fake) < len(body)
fake = fake.ljust(len(body), b".")
case = Case(__file__)
case.persons(people + fakes)
case.item("initiator", "body", {"cn.resident_id": 30, "cn.mobile": 30, "net.email": 30}, fake)
# Every person, also those whose values lie across the borders of segments.
case.item("initiator", "conflict", {"cn.resident_id": 60, "cn.mobile": 60, "net.email": 60}, body)
with Lab(__file__) as lab:
    lab.nginx()
    lab.capture()
    lab.curl("-T", lab.file("customers.csv", body), f"http://{SERVER4}/dav/customers.csv")
    lab.stop_capture(keep=False)
    frames, parts = upload(lab.path, CLIENT4)
assert len(parts) >= 3
out = []
for i, frame in enumerate(frames):
    if i in parts:
        skip, offset, length = parts[i]
        out.append(decoy(frame, fake[offset:offset + length], skip))
    out.append(frame)
write_frames(os.path.join(case.folder, "input.pcap"), out)
case.write("Two versions that nothing tells apart", "Both are read, the second as one item across its segments, and the "
           "alerts say that there are two.",
           f"curl -> nginx, IPv4; scapy added {len(out) - len(frames)} frames",
           tshark_faults={"initiator": "tshark takes one of the two versions"})
