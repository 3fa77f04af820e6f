#!/usr/bin/python3
"""The recording of many_hosts as two cards would have captured it whose clocks are two hours apart: each client's
packets by one, the servers' by the other."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import TCP

from lab import Case
from lab.holes import write_frames
from lab.wrap import source_frames

case = Case(__file__)
frames, origin = source_frames(__file__, "http1/many_hosts")
for frame in frames:
    if frame.haslayer(TCP) and frame[TCP].sport == 80:
        frame.time += 7200
write_frames(os.path.join(case.folder, "input.pcap"), frames)
case.truth, case.seeds, case.digests = origin["truth"], origin["seeds"], origin.get("item_digests", [])
case.write("Two clocks", "A capture of two clocks that are hours apart gives the same as one of one clock.",
           "the recording of many_hosts, what servers sent two hours later, by scapy",
           stderr_has=[r"clock +[0-9,]+ packets with a time that the others' did not bear out"])
