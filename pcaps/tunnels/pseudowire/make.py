#!/usr/bin/python3
"""The recording of upload_put in an Ethernet pseudowire, with a control word."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
import itertools
import struct

from scapy.contrib.mpls import MPLS

from lab.wrap import ethernet, wrapped_case

numbers = itertools.count(1)
wrapped_case(__file__, "http1/upload_put",
             lambda frame, forward: ethernet(forward, type=0x8847) / MPLS(label=900, s=1, ttl=60) /
             (struct.pack(">HH", 0, next(numbers)) + bytes(frame)),
             "MPLS pseudowire", "Ethernet behind a label and a control word is opened.",
             "Ethernet pseudowire over MPLS with control word", tunnel=["mpls:900"])
