#!/usr/bin/python3
"""The recording of upload_put as a mirror over two VLANs of a router shows it: each packet where it comes in and,
30 µs later, where it goes out, with the other tag, other MAC addresses and a TTL that is lower by one."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import IP, Dot1Q, Ether

from lab import Case
from lab.holes import write_frames
from lab.wrap import ip_of, source_frames

case = Case(__file__)
frames, origin = source_frames(__file__, "http1/upload_put")
client = next(f[IP].src for f in frames if f.haslayer(IP))
copies = []
for frame in frames:
    if not frame.haslayer(IP):
        continue
    packet = IP(ip_of(frame))
    up = packet.src == client
    out = packet.copy()
    out.ttl -= 1
    del out.chksum
    seen = Ether(src=frame.src, dst="02:00:00:66:00:01") / Dot1Q(vlan=10 if up else 20) / packet
    again = Ether(src="02:00:00:66:00:01", dst=frame.dst) / Dot1Q(vlan=20 if up else 10) / out
    seen.time, again.time = frame.time, frame.time + 0.000030
    copies += [seen, again]
copies.sort(key=lambda f: f.time)
write_frames(os.path.join(case.folder, "input.pcap"), copies)
case.truth, case.seeds, case.digests = origin["truth"], origin["seeds"], origin["item_digests"]
case.write("Mirrored twice", "Packets that a mirror copied twice are counted as such, and nothing in them counts twice.",
           "802.1Q, each packet of the recording of upload_put twice, by scapy", vlans=[10],
           stderr_has=[rf"duplicates +{len(copies) // 2} packets", r"besides +repeated"])
