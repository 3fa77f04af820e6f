#!/usr/bin/python3
"""The recording of upload_put with VLAN tags put in: the kernel of the lab has no VLAN devices."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
import yaml
from scapy.all import Ether, Dot1AD, Dot1Q

from lab import Case
from lab.holes import frames_of, write_frames

TAGS = [(0x8100, 120)]  # (EtherType of the tag, VLAN id), outermost first
case = Case(__file__)
source = os.path.join(os.path.dirname(case.folder), "upload_put")


def tagged(frame):
    inner, kind = frame[Ether].payload, frame[Ether].type
    for ethertype, vlan in reversed(TAGS):
        inner = (Dot1AD if ethertype == 0x88A8 else Dot1Q)(vlan=vlan, prio=3, type=kind) / inner
        kind = ethertype
    result = Ether(src=frame[Ether].src, dst=frame[Ether].dst, type=kind) / inner
    result.time = frame.time
    return result


write_frames(os.path.join(case.folder, "input.pcap"), [tagged(f) for f in frames_of(os.path.join(source, "input.pcap"))])
with open(os.path.join(source, "case.yaml"), encoding="utf-8") as known:
    origin = yaml.safe_load(known)
case.truth, case.seeds, case.digests = origin["truth"], origin["seeds"], origin["item_digests"]
case.write("802.1Q tag", "VLAN tags are stepped over and told in the alert.",
           "Ethernet with one 802.1Q tag, VLAN 120, put into the recording of upload_put by scapy",
           vlans=[vlan for _, vlan in TAGS])
