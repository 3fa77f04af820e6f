#!/usr/bin/python3
"""The recording of many_hosts with a clock that is set ahead by eight hours after a third of it, and back by nine after
two thirds; the packets' own pace is that of a slow link (each thirty times as long after the one before)."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import Case
from lab.holes import write_frames
from lab.wrap import source_frames

case = Case(__file__)
frames, origin = source_frames(__file__, "http1/many_hosts")
begin = frames[0].time
for i, frame in enumerate(frames):
    third = 3 * i // len(frames)
    frame.time = begin + (frame.time - begin) * 30 + (0, 28800, -3600)[third]
write_frames(os.path.join(case.folder, "input.pcap"), frames)
case.truth, case.seeds, case.digests = origin["truth"], origin["seeds"], origin.get("item_digests", [])
case.write("A clock that is set", "A clock that is set ahead and back in the middle of connections ends none of them, and the summary says so.",
           "the recording of many_hosts, slowed down, with two steps of the clock, by scapy",
           stderr_has=[r"clock +stepped or stood silent: ahead once, by (7 h 59 min|8 h), back once, by (8 h 59 min|9 h)"])
