#!/usr/bin/python3
"""Text in UDP-Lite (RFC 3828) and in SCTP (RFC 9260), beside a line over UDP in which nothing calls for an alert: the summary
must not say that all was read."""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import UDP, Ether

from lab import CLIENT4, Case, People
from lab.holes import write_frames
from lab.script import between

people = People("beside_tcp_and_udp").persons(4)


def text(persons):
    return "".join(f"身份证号：{p['resident_id']} 手机号：{p['mobile']}\n" for p in persons).encode()


def ip(protocol, payload):
    packet = between(CLIENT4)
    packet.proto = protocol
    return packet / payload


harmless = b"the printer on the second floor is out of paper"
data = text(people[2:])
packets = [
    between(CLIENT4) / UDP(sport=40003, dport=514, chksum=0) / harmless,
    ip(136, struct.pack(">HHHH", 40004, 9300, 8, 0) + text(people[:2])),
    ip(132, struct.pack(">HHII", 40005, 9400, 1, 0) + struct.pack(">BBHIHHI", 0, 3, 16 + len(data), 1, 0, 0, 0) + data),
]
frames = []
for n, packet in enumerate(packets):
    frames.append(Ether(bytes(packet)))
    frames[-1].time = 1_790_000_000 + n
case = Case(__file__)
write_frames(os.path.join(case.folder, "input.pcap"), frames)
case.persons(people, ("resident_id", "mobile"))
case.write("Beside TCP and UDP", "What is in IP protocols that Weir does not read has a word in the verdict.",
           "frames by script: UDP, UDP-Lite, SCTP, IPv4",
           stderr_has=["no alert: 47 bytes of 47 bytes were read; besides, 2 packets of IP protocols that Weir does not read"],
           payload={"seen": len(harmless), "read": len(harmless), "duplicate": 0, "unread": {}, "gap": 0})
