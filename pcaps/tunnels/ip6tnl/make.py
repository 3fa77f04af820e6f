#!/usr/bin/python3
"""The recording of upload_put in IPv6, behind the option that limits how deep tunnels may nest."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import HBHOptUnknown, IPv6ExtHdrDestOpt, PadN

from lab.wrap import ip_of, outer6, protocol_of, wrapped_case

LIMIT = [HBHOptUnknown(otype=4, optdata=b"\4"), PadN(optdata=b"\0")]
wrapped_case(__file__, "http1/upload_put", lambda frame, forward: outer6(forward) /
             IPv6ExtHdrDestOpt(nh=protocol_of(ip_of(frame)), options=LIMIT) / ip_of(frame),
             "IPv4 in IPv6", "4in6 is opened behind extension headers (RFC 2473).",
             "IPv4 in IPv6 with a tunnel encapsulation limit", layer3=True, tunnel=["4in6"])
