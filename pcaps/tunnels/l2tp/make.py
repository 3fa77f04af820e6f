#!/usr/bin/python3
"""The recording of upload_put in L2TP version 2, with every optional field in turn."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
import itertools
import struct

from scapy.all import UDP

from lab.wrap import ip_of, outer4, ppp_of, wrapped_case

numbers = itertools.count()


def l2tp(frame, forward):
    """RFC 2661 3.1: length, sequence, offset, each there or not."""
    n = next(numbers)
    length, sequence, offset = n & 1, n & 2, n & 4
    flags = 2 | (0x4000 if length else 0) | (0x0800 if sequence else 0) | (0x0200 if offset else 0)
    packet = ip_of(frame)
    rest = struct.pack(">HH", 7, 9 if forward else 8) + (struct.pack(">HH", n, 0) if sequence else b"") + \
        (b"\0\x02\0\0" if offset else b"") + struct.pack(">HH", 0xff03, ppp_of(packet)) + packet
    head = struct.pack(">H", flags) + (struct.pack(">H", len(rest) + 4) if length else b"")
    return outer4(forward) / UDP(sport=1701, dport=1701) / (head + rest)


wrapped_case(__file__, "http1/upload_put", l2tp, "L2TP", "Every combination of L2TP's optional fields is stepped over.",
             "PPP in L2TP version 2 over IPv4", layer3=True, tunnel=["l2tp:7.9"])
