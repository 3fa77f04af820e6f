#!/usr/bin/python3
"""The recording of upload_put with two tags, in VXLAN, in GRE, in a VLAN: a customer's network over a provider's."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import GRE, IP, UDP, Dot1AD, Dot1Q, Ether
from scapy.layers.vxlan import VXLAN

from lab.wrap import ENDS4, ends, ethernet, wrapped_case


def nested(frame, forward):
    inner = Ether(src=frame.src, dst=frame.dst) / Dot1AD(vlan=2001, type=0x8100) / Dot1Q(vlan=37, type=frame.type) / bytes(frame.payload)
    return ethernet(forward) / Dot1Q(vlan=9) / IP(**ends(forward, ENDS4)) / GRE(key_present=1, key=5) /         IP(**ends(forward, ("10.255.0.1", "10.255.0.2"))) / UDP(sport=50000, dport=4789, chksum=0) / VXLAN(vni=31) / inner


wrapped_case(__file__, "http1/upload_put", nested, "QinQ in VXLAN in GRE", "Tunnels in tunnels are opened; the alert names the whole path.",
             "802.1ad and 802.1Q tags in VXLAN in GRE in VLAN 9", tunnel=["vlan:9", "gre:5", "vxlan:31", "vlan:2001", "vlan:37"],
             vlans=[9, 2001, 37], stderr_has=[r"tunnels +gre \d+, vxlan \d+\n"])
