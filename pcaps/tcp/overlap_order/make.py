#!/usr/bin/python3
"""An upload to nginx whose body segments come in reverse, and before each that must wait two that overlap it: one
behind its begin, which Linux gives up for the segment that begins before it, and one over its first half."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import CLIENT4, SERVER4, Case, Lab, People, csv_of
from lab.decoys import decoy, upload
from lab.holes import write_frames

people = People("overlap_order").persons(120)
body = csv_of(people).encode()
case = Case(__file__)
case.persons(people)
case.item("initiator", "body", {"cn.resident_id": 120, "cn.mobile": 120, "net.email": 120}, body)
with Lab(__file__) as lab:
    lab.nginx()
    lab.capture()
    lab.curl("-T", lab.file("customers.csv", body), f"http://{SERVER4}/dav/customers.csv")
    lab.stop_capture(keep=False)
    frames, parts = upload(lab.path, CLIENT4)
places = sorted(parts)[1:]  # not the one with the request's head
assert len(places) >= 3
first, last = places[0], places[-1]
between = [f for i, f in enumerate(frames[first:last + 1], first) if i not in places]
turned = []
for i in reversed(places):
    skip, _, length = parts[i]
    if i != first:  # which is in order, and taken at once
        turned.append(decoy(frames[i], b"X" * (length - 5), skip + 5))
        turned.append(decoy(frames[i], b"Y" * (length // 2), skip))
    turned.append(frames[i])
whole = frames[:first] + turned + between + frames[last + 1:]
times = sorted(f.time for f in whole)
for frame, time in zip(whole, times):
    frame.time = time
write_frames(os.path.join(case.folder, "input.pcap"), whole)
case.write("Overlaps out of order, as Linux takes them", "Of segments that wait, the receiver's policy says which one becomes "
           "the stream.",
           f"curl -> nginx on Linux, IPv4; scapy turned {len(places)} segments round and added {2 * len(places) - 2}",
           tshark_faults={"initiator": "tshark keeps the first version"})
