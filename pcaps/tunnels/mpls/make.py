#!/usr/bin/python3
"""The recording of upload_put in MPLS: a transport label and a service label that differs by direction."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.contrib.mpls import MPLS

from lab.wrap import ethernet, ip_of, wrapped_case

wrapped_case(__file__, "http1/upload_put",
             lambda frame, forward: ethernet(forward, type=0x8847) / MPLS(label=16001, s=0, ttl=60) /
             MPLS(label=24007 if forward else 24008, s=1, ttl=60) / ip_of(frame),
             "MPLS", "A label stack is opened; the label of the service is told.", "two MPLS labels, IPv4",
             layer3=True, tunnel=["mpls:24007"])
