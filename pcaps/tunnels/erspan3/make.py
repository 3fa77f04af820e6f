#!/usr/bin/python3
"""The recording of upload_put in ERSPAN type III, with the subheader."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import GRE
from scapy.contrib.erspan import ERSPAN_III, ERSPAN_PlatformSpecific

from lab.wrap import outer4, wrapped_case

wrapped_case(__file__, "http1/upload_put",
             lambda frame, forward: outer4(True) / GRE(proto=0x22eb, seqnum_present=1) /
             ERSPAN_III(session_id=77, timestamp=1, o=1) / ERSPAN_PlatformSpecific() / bytes(frame),
             "ERSPAN III", "The optional subheader of ERSPAN III is stepped over.",
             "ERSPAN type III with subheader over IPv4", tunnel=["erspan:77"])
