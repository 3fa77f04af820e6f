#!/usr/bin/python3
"""The recording of many_hosts in which single packets have a wrong time: two hours ahead, two hours back, 1970."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import Case
from lab.holes import write_frames
from lab.wrap import source_frames

case = Case(__file__)
frames, origin = source_frames(__file__, "http1/many_hosts")
strays = 0
for i, frame in enumerate(frames):
    if i % 20 != 10:
        continue
    frame.time = (frame.time + 7200, frame.time - 7200, 0)[strays % 3]
    strays += 1
write_frames(os.path.join(case.folder, "input.pcap"), frames)
case.truth, case.seeds, case.digests = origin["truth"], origin["seeds"], origin["item_digests"]
case.write("Packets with a wrong time", "A packet from the future or the past ends no flow, its own among them, and is counted.",
           "the recording of many_hosts, every twentieth packet with another time, by scapy",
           stderr_has=[rf"clock +{strays} packets with a time that the others' did not bear out"])
