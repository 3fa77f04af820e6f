#!/usr/bin/python3
"""The recording of upload_put as a phone's user plane: GTP-U, with a PDU session container on the way up."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import UDP, Raw
from scapy.contrib.gtp import GTP_U_Header, GTPPDUSessionContainer

from lab.wrap import ip_of, outer4, wrapped_case


def gtp(frame, forward):
    head = outer4(forward) / UDP(sport=2152, dport=2152)
    if forward:
        return head / GTP_U_Header(teid=0x11223344, gtp_type=255, E=1, next_ex=0x85) / \
            GTPPDUSessionContainer(type=1, QFI=9) / Raw(ip_of(frame))
    return head / GTP_U_Header(teid=0x55667788, gtp_type=255, S=1, seq=7) / Raw(ip_of(frame))


wrapped_case(__file__, "http1/upload_put", gtp, "GTP-U", "GTP-U's optional fields and extension headers are stepped over.",
             "GTP-U version 1 over IPv4", layer3=True, tunnel=[f"gtp:{0x11223344}"])
