#!/usr/bin/python3
"""The datagrams of udp_syslog in GRE whose packets were cut into fragments. Of two the capture lost the first fragment,
of one of these another in the middle too: nobody can say what is inside, neither after half a minute nor at the end. Pings
of other hosts stand in the silence before the last one, so that it is no single packet's word that time has passed."""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import ICMP, IP, UDP, Ether

from lab import Case
from lab.holes import write_frames
from lab.pieces import fragments_of
from lab.wrap import ip_of, outer4, source_frames

SIZE, KEY = 24, 77
case = Case(__file__)
recorded, origin = source_frames(__file__, "raw/udp_syslog")
datagrams = [f for f in recorded if f.haslayer(UDP)]
assert len(datagrams) == 4
frames, whole, unread, gap = [], 0, 0, 0
for number, frame in enumerate(datagrams):
    around = Ether(bytes(outer4(True, proto=47, id=100 + number) / (struct.pack(">HHI", 0x2000, 0x0800, KEY) + ip_of(frame))))
    around.time = frame.time + (34 if number == 3 else 0)
    cut = fragments_of(around, SIZE)
    assert len(cut) >= 4
    if number < 2:
        whole += frame[UDP].len - 8
    else:
        lost = {0} if number == 2 else {0, 2}
        gap += len(lost) * SIZE
        cut = [piece for place, piece in enumerate(cut) if place not in lost]
        unread += sum(piece[IP].len - 20 for piece in cut)
    frames += cut
pings = []
for i in range(6):
    ping = Ether(src="02:00:00:66:01:01", dst="02:00:00:66:01:02") / IP(src=f"192.0.2.{i + 1}", dst="192.0.2.200") / ICMP()
    ping.time = datagrams[2].time + 31 + i / 2
    pings.append(ping)
frames[-len(cut):-len(cut)] = pings
write_frames(os.path.join(case.folder, "input.pcap"), frames)
# The first datagram's person; the second has none, the others' cannot be known.
case.truth, case.seeds = origin["truth"][:1], origin["seeds"]
case.write("GRE in fragments, some lost", "Of a tunnel's packet whose first fragment never came nothing can be read: its bytes "
           "are told as unread (timeout).",
           f"the datagrams of raw/udp_syslog in GRE, cut by scapy into fragments of {SIZE} bytes, three of them missing",
           tunnel=[f"gre:{KEY}"], stderr_has=["whole datagrams 2; 1 timed out, 1 unfinished at the end"],
           payload={"seen": whole + unread, "read": whole, "duplicate": 0, "unread": {"timeout": unread}, "gap": gap},
           tshark_payload_differs="Fragments that it cannot put together are no payload to tshark; `payload` has them by the script.")
