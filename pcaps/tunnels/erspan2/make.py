#!/usr/bin/python3
"""The recording of upload_put as a Cisco switch mirrors it to a remote port: ERSPAN type II."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import GRE
from scapy.contrib.erspan import ERSPAN_II

from lab.wrap import outer4, wrapped_case

# The switch took the tag of VLAN 300 off and wrote it into its own header; both directions go to the collector.
wrapped_case(__file__, "http1/upload_put",
             lambda frame, forward: outer4(True) / GRE(proto=0x88be, seqnum_present=1) /
             ERSPAN_II(ver=1, vlan=300, en=2, session_id=101) / bytes(frame),
             "ERSPAN II", "A remote mirror's packets are those that were mirrored; the VLAN of ERSPAN's header is told.",
             "ERSPAN type II over IPv4", tunnel=["erspan:101", "vlan:300"], vlans=[300])
