#!/usr/bin/python3
"""The recording of upload_put in PPP in enhanced GRE."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
import itertools
import struct

from lab.wrap import ip_of, outer4, ppp_of, wrapped_case

numbers = itertools.count(1)


def pptp(frame, forward):
    """RFC 2637 4.1; every other packet acknowledges one."""
    n = next(numbers)
    packet = ip_of(frame)
    ppp = struct.pack(">HH", 0xff03, ppp_of(packet)) + packet
    head = struct.pack(">HHHHI", 0x3001 | (0x80 if n % 2 else 0), 0x880b, len(ppp), 11 if forward else 22, n)
    return outer4(forward, proto=47) / (head + (struct.pack(">I", n) if n % 2 else b"") + ppp)


wrapped_case(__file__, "http1/upload_put", pptp, "PPTP", "PPP in enhanced GRE is opened.", "PPP in GRE version 1, IPv4",
             layer3=True, tunnel=["pptp:11"])
