#!/usr/bin/python3
"""An upload to nginx; before each segment of its body one with other bytes that dies on the way (TTL 2), and RST
and FIN of the same kind."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import CLIENT4, SERVER4, Case, Lab, People, csv_of
from lab.decoys import decoy, upload
from lab.holes import write_frames

people = People("decoy_ttl").persons(60)
body = csv_of(people).encode()
case = Case(__file__)
case.persons(people)
case.item("initiator", "body", {"cn.resident_id": 60, "cn.mobile": 60, "net.email": 60}, body)
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
        out += [decoy(frame, b"", skip, ttl=2, flags="R"), decoy(frame, b"", skip, ttl=2, flags="FA"),
                decoy(frame, b"nothing to see here. " * (length // 21) + b"." * (length % 21), skip, ttl=2)]
    out.append(frame)
write_frames(os.path.join(case.folder, "input.pcap"), out)
case.write("Decoys with a low TTL", "What dies before the receiver neither replaces nor hides what it takes, though it comes "
           "first; it neither ends nor resets the connection.",
           f"curl -> nginx, IPv4; scapy added {len(out) - len(frames)} frames with TTL 2 among those with 64",
           tshark_faults={"initiator": "tshark takes the decoys for the stream"})
