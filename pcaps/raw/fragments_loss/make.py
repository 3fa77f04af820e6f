#!/usr/bin/python3
"""Recorded datagrams in fragments, some of which the capture lost: the first, one in the middle, the last."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import IP, UDP

from lab import SERVER4, Case, Lab, People
from lab.holes import frames_of, write_frames
from lab.pieces import fragments_of, tshark_rows

people = People("fragments_loss").persons(9)
case = Case(__file__)
case.persons(people, ("resident_id", "mobile"))
PIECE = 256


def block(persons, length=PIECE):
    """Text of one fragment's length: no value is cut."""
    text = "".join(f"身份证号：{p['resident_id']} 手机号：{p['mobile']}\n" for p in persons).encode()
    return text.ljust(length - 1) + b"\n"


blocks = [people[i:i + 1] for i in range(9)]
# The UDP header is in the first fragment.
texts = [block(blocks[i], PIECE - 8) + block(blocks[i + 1]) + block(blocks[i + 2]) for i in (0, 3, 6)]
with Lab(__file__) as lab:
    lab.server(["nc", "-u", "-l", "-k", "5514"], port=5514, stdout=subprocess.DEVNULL)
    lab.capture()
    for text in texts:
        lab.client(["nc", "-u", "-w", "1", SERVER4, "5514"], input=text)
    path = lab.stop_capture()
recorded = [f for f in frames_of(path) if f.haslayer(UDP) and f[UDP].dport == 5514]
assert [bytes(f[UDP].payload) for f in recorded] == texts
frames, kept = [], []
for lost, frame in enumerate(recorded):
    cut = fragments_of(frame, PIECE)
    assert len(cut) == 3
    del cut[lost]
    frames += cut
    # Payload behind the UDP header, which only the first fragment has.
    kept.append(sum(f[IP].len - 20 - (8 if f[IP].frag == 0 else 0) for f in cut))
write_frames(path, frames)
assert not tshark_rows(path, "ip.reassembled_in", "ip.id")
both = {"cn.resident_id": 1, "cn.mobile": 1}
two = {"cn.resident_id": 2, "cn.mobile": 2}
case.item("initiator", "datagram", two)   # the second and the third piece, which belong together
case.item("initiator", "datagram", both)  # the first
case.item("initiator", "datagram", both)  # and the third
case.item("initiator", "datagram", two)   # the first and the second
case.write("Lost fragments", "Of datagrams that never become whole every piece is read, and the rest is told.",
           f"nc -> nc, UDP 5514, IPv4, cut by scapy into fragments of {PIECE} bytes; one of each three is missing; port 5514",
           stderr_has=["fragments +6, whole datagrams 0; 3 unfinished at the end",
                       f"fragments +1 flows, payload seen {kept[0]} bytes, read {kept[0]} bytes",
                       f"raw +2 flows, payload seen {kept[1] + kept[2]:,} bytes, read {kept[1] + kept[2]:,} bytes",
                       f"never came {3 * PIECE} bytes"],
           payload={"seen": sum(kept), "read": sum(kept), "duplicate": 0, "unread": {}, "gap": 3 * PIECE},
           tshark_payload_differs="Of datagrams that never become whole tshark counts nothing; `payload` has them by the script.")
