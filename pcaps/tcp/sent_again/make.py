#!/usr/bin/python3
"""An upload to nginx; behind each segment of it bytes of its last four thousand come again, cut otherwise, as a sender does
whose card cuts for it or whose path has become narrower. They are repeats, and nothing else."""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import IP, TCP

from lab import CLIENT4, SERVER4, Case, Lab, People, csv_of
from lab.decoys import decoy
from lab.holes import frames_of, payload_of, write_frames

draw = People("sent_again")
people = draw.persons(60)
body = csv_of(people).encode()
case = Case(__file__)
case.persons(people)
case.item("initiator", "body", {"cn.resident_id": 60, "cn.mobile": 60, "net.email": 60}, body)
with Lab(__file__) as lab:
    lab.nginx()
    lab.capture()
    lab.curl("-T", lab.file("customers.csv", body), f"http://{SERVER4}/dav/customers.csv")
    lab.stop_capture(keep=False)
    frames = frames_of(lab.path)
dice = random.Random(8)
out, stream, total, again = [], b"", 0, 0
for frame in frames:
    out.append(frame)
    payload = payload_of(frame) if frame.haslayer(TCP) else b""
    total += len(payload)
    if not payload or frame[IP].src != CLIENT4:
        continue
    begin = len(stream)
    stream += payload
    for _ in range(3):
        start = dice.randrange(max(0, len(stream) - 4000), len(stream))
        end = min(len(stream), start + dice.randrange(1, 1400))
        out.append(decoy(frame, stream[start:end], start - begin, flags="A"))
        again += end - start
assert body in stream and len(out) > len(frames) + 6
write_frames(os.path.join(case.folder, "input.pcap"), out)
case.write("Sent again with other cuts", "Bytes that come again are repeats wherever they are cut: no other version, no item of "
           "their own.",
           f"curl -> nginx, IPv4; scapy added {len(out) - len(frames)} frames",
           payload={"seen": total + again, "read": total, "duplicate": again, "unread": {}, "gap": 0})
