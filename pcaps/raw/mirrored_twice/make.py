#!/usr/bin/python3
"""The recording of udp_syslog as two mirrors of one link show it: each datagram plain and, a millisecond later, in ERSPAN."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import GRE, UDP
from scapy.contrib.erspan import ERSPAN_II

from lab import Case
from lab.holes import write_frames
from lab.wrap import outer4, source_frames

case = Case(__file__)
frames, origin = source_frames(__file__, "raw/udp_syslog")
frames = [f for f in frames if f.haslayer(UDP)]
copies = []
for number, frame in enumerate(frames):
    remote = outer4(True) / GRE(proto=0x88be, seqnum_present=1, seqence_number=number) / \
        ERSPAN_II(ver=1, session_id=9) / bytes(frame)
    remote.time = frame.time + 0.001
    copies += [frame, remote]
copies.sort(key=lambda f: f.time)
write_frames(os.path.join(case.folder, "input.pcap"), copies)
case.truth, case.seeds, case.digests = origin["truth"], origin["seeds"], origin.get("item_digests", [])
sent = sum(len(f[UDP].payload) for f in frames)
case.write("Datagrams mirrored twice", "A datagram that two mirrors show is read once, and its second copy counts as repeated.",
           "logger and nc -> nc, UDP, each datagram again in ERSPAN II by scapy",
           stderr_has=[rf"duplicates +{len(frames)} packets", rf"payload seen {2 * sent} bytes, read {sent} bytes",
                       rf"besides +repeated {sent} bytes"])
