#!/usr/bin/python3
"""The recording of upload_put as a subscriber's PPPoE session in his VLAN."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import PPP, Dot1Q, PPPoE

from lab.wrap import ethernet, ip_of, ppp_of, wrapped_case

wrapped_case(__file__, "http1/upload_put",
             lambda frame, forward: ethernet(forward) / Dot1Q(vlan=835) / PPPoE(sessionid=0x2b1c) /
             PPP(proto=ppp_of(ip_of(frame))) / ip_of(frame),
             "PPPoE", "A subscriber's session is opened; VLAN and session are told.", "PPPoE in VLAN 835, IPv4",
             layer3=True, tunnel=["vlan:835", f"pppoe:{0x2b1c}"], vlans=[835])
