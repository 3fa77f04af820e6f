#!/usr/bin/python3
"""The recording of upload_put in GRE: each packet with the next combination of checksum, key, sequence and routing."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
import itertools
import struct

from scapy.all import checksum

from lab.wrap import ethertype_of, ip_of, outer4, wrapped_case

KEY = 3405691582
numbers = itertools.count()
ROUTES = struct.pack(">HBB", 0x0800, 0, 4) + bytes([198, 18, 0, 9]) + bytes(4)


def gre(frame, forward):
    """RFC 1701 and 2890 by hand: scapy writes no routing with the other options. The key is always there."""
    n, packet = next(numbers), ip_of(frame)
    summed, sequence, routed = n & 1, n & 2, n & 4
    flags = 0x2000 | (0x8000 if summed else 0) | (0x1000 if sequence else 0) | (0x4000 if routed else 0)
    head = struct.pack(">HH", flags, ethertype_of(packet))
    tail = struct.pack(">I", KEY) + (struct.pack(">I", n) if sequence else b"") + (ROUTES if routed else b"") + packet
    if summed or routed:
        sum_ = checksum(head + bytes(4) + tail) if summed else 0
        head += struct.pack(">HH", sum_, 0)
    return outer4(forward, proto=47) / (head + tail)


wrapped_case(__file__, "http1/upload_put", gre, "GRE", "Every combination of GRE's options is stepped over; the key is told.",
             "GRE with all options in turn, IPv4", layer3=True, tunnel=[f"gre:{KEY}"])
