#!/usr/bin/python3
"""The recording of upload_put as Ethernet in GRE over IPv6, tagged inside."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import GRE, Dot1Q, Ether

from lab.wrap import outer6, wrapped_case


def tagged(frame):
    return Ether(src=frame.src, dst=frame.dst) / Dot1Q(vlan=12, type=frame.type) / bytes(frame.payload)


wrapped_case(__file__, "http1/upload_put",
             lambda frame, forward: outer6(forward) / GRE(proto=0x6558) / bytes(tagged(frame)),
             "Ethernet in GRE", "Transparent Ethernet bridging is opened, and tags inside are told.",
             "Ethernet with an 802.1Q tag in GRE over IPv6", tunnel=["gre", "vlan:12"], vlans=[12])
