#!/usr/bin/python3
"""Fragments that no sender may make, of datagrams of udp_syslog. One in GRE whose fragments give a whole packet with a UDP
length beyond its end; one in GRE and one as it was that lie beyond the longest datagram (the ping of death)."""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import IP, UDP, Ether

from lab import Case
from lab.holes import write_frames
from lab.pieces import fragments_of, tshark_rows
from lab.wrap import ip_of, outer4, source_frames

GRE = struct.pack(">HHI", 0x2000, 0x0800, 77)
case = Case(__file__)
recorded, origin = source_frames(__file__, "raw/udp_syslog")
plain, silent, contradicting, beyond = [f for f in recorded if f.haslayer(UDP)]


def fragment_beyond(packet, time):
    """The packet as the last fragment of a datagram, so far behind that it would end after 65,535 bytes."""
    packet.frag = 65528 // 8
    frame = Ether(bytes(packet))
    frame.time = time
    return frame


inner = bytearray(ip_of(contradicting))
inner[24:26] = struct.pack(">H", contradicting[UDP].len + 100)
whole = Ether(bytes(outer4(True, proto=47, id=1) / (GRE + bytes(inner))))
whole.time = contradicting.time
pieces = fragments_of(whole, 48)
assert len(pieces) >= 3
tunnel = outer4(True, proto=47, id=2) / (GRE + ip_of(beyond))
alone = outer4(True, proto=17, id=3) / bytes(plain[UDP])[:plain[UDP].len]
frames = [silent, *pieces, fragment_beyond(tunnel, beyond.time), fragment_beyond(alone, beyond.time + 1)]
path = os.path.join(case.folder, "input.pcap")
write_frames(path, frames)
assert len(tshark_rows(path, "udp.length.bad", "frame.number")) == 1
malformed = len(GRE) + len(inner) + len(GRE) + len(ip_of(beyond))
read = silent[UDP].len - 8 + plain[UDP].len
# What lies too far behind and is UDP's can be read, though nobody knows its ports: the header is text like the rest.
case.truth, case.seeds = origin["truth"][:1], origin["seeds"]
case.write("Lengths that contradict each other, in fragments", "What is in a tunnel that contradicts itself is told as unread "
           "(malformed); what can be read all the same is read.",
           "datagrams of raw/udp_syslog, in GRE and not, in fragments by scapy",
           stderr_has=["2 fragments with lengths out of rule"],
           payload={"seen": read + malformed, "read": read, "duplicate": 0, "unread": {"malformed": malformed}, "gap": 0},
           tshark_payload_differs="Of what is malformed tshark has no payload; `payload` has it by the script.")
