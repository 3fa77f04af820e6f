#!/usr/bin/python3
"""The recording of upload_put in GENEVE with an option, as between two hypervisors."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import UDP
from scapy.contrib.geneve import GENEVE, GeneveOptions

from lab.wrap import outer4, wrapped_case

OPTION = GeneveOptions(classid=0x0102, type=0x80, data=b"\0\1\0\2")
wrapped_case(__file__, "http1/upload_put",
             lambda frame, forward: outer4(forward) / UDP(sport=50001 if forward else 50002, dport=6081, chksum=0) /
             GENEVE(vni=70123, proto=0x6558, critical=1, options=[OPTION]) / bytes(frame),
             "GENEVE", "GENEVE's options are stepped over.", "GENEVE with one option, IPv4", tunnel=["geneve:70123"])
