#!/usr/bin/python3
"""The recording of upload_put as an Ethernet pseudowire in L2TP version 3 over IP, with cookie and sublayer."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
import itertools
import struct

from lab.wrap import outer4, wrapped_case

numbers = itertools.count()
wrapped_case(__file__, "http1/upload_put",
             lambda frame, forward: outer4(forward, proto=115) / (struct.pack(">I", 0x00010203) + b"\xc0\x0c\x1e\x5a\x11\x22\x33\x44" +
                                                                  struct.pack(">I", 0x40000000 | next(numbers)) + bytes(frame)),
             "L2TPv3", "Ethernet in L2TPv3 is found behind a cookie and a sublayer whose sizes only the routers know.",
             "Ethernet in L2TP version 3 over IPv4, cookie of 8 bytes, default sublayer", tunnel=["l2tpv3:66051"],
             tshark_payload_differs="Without the session's control messages tshark does not know that Ethernet is inside.",
             tshark_faults={side: "tshark does not know what the session carries" for side in ("initiator", "responder")})
