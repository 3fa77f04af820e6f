#!/usr/bin/python3
"""The recording of upload_put in IPv4 in IPv4."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab.wrap import ip_of, outer4, protocol_of, wrapped_case

wrapped_case(__file__, "http1/upload_put", lambda frame, forward: outer4(forward, proto=protocol_of(ip_of(frame))) / ip_of(frame),
             "IP in IP", "IPv4 in IPv4 is opened (RFC 2003).", "IPv4 in IPv4", layer3=True, tunnel=["4in4"])
