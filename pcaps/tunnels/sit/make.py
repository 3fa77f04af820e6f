#!/usr/bin/python3
"""The recording of download_ipv6 in IPv4, as 6in4 does."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab.wrap import ip_of, outer4, wrapped_case

wrapped_case(__file__, "http1/download_ipv6", lambda frame, forward: outer4(forward, proto=41) / ip_of(frame),
             "IPv6 in IPv4", "6in4 is opened (RFC 4213).", "IPv6 in IPv4", layer3=True, tunnel=["6in4"])
