#!/usr/bin/python3
"""The recording of upload_put with each packet of more than 64 bytes in IPv4 fragments: the last first, or in a drawn order,
and some of them twice, as a mirror of two ports brings them."""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
import yaml
from scapy.all import IP, TCP

from lab import Case
from lab.holes import frames_of, write_frames
from lab.pieces import fragments_of, tshark_rows

case = Case(__file__)
source = os.path.join(os.path.dirname(case.folder), "upload_put")
draw = random.Random("fragments")
frames, pieces, again, repeated = [], 0, 0, 0
for number, frame in enumerate(frames_of(os.path.join(source, "input.pcap"))):
    if not frame.haslayer(IP):
        frames.append(frame)
        continue
    cut = fragments_of(frame, 64)
    if len(cut) > 1:
        if number % 2:
            cut.reverse()
        else:
            draw.shuffle(cut)
        twice = [piece for piece in cut[:-1] if draw.random() < 0.3]
        cut = twice + cut
        pieces += len(cut)
        again += len(twice)
        # TCP's header is no payload.
        head = frame[TCP].dataofs * 4
        repeated += sum(p[IP].frag * 8 + p[IP].len - 20 - max(p[IP].frag * 8, head) for p in twice)
    frames += cut
target = os.path.join(case.folder, "input.pcap")
write_frames(target, frames)
fields = ("tcp.stream", "tcp.seq", "tcp.payload")
assert pieces > 20 and again > 3, (pieces, again)
assert ([r for r in tshark_rows(target, "tcp.len>0", *fields)] ==
        [r for r in tshark_rows(os.path.join(source, "input.pcap"), "tcp.len>0", *fields)])
with open(os.path.join(source, "case.yaml"), encoding="utf-8") as known:
    origin = yaml.safe_load(known)
sent = sum(int(length) for length, in tshark_rows(target, "tcp.len>0", "tcp.len"))
case.truth, case.seeds, case.digests = origin["truth"], origin["seeds"], origin["item_digests"]
case.write("TCP in IPv4 fragments", "TCP segments in fragments, out of order and repeated, give the text of the whole ones.",
           f"the recording of upload_put, cut into {pieces} fragments by scapy, {again} of them twice",
           stderr_has=[f"fragments +{pieces}, whole datagrams"],
           payload={"seen": sent + repeated, "read": sent, "duplicate": repeated, "unread": {}, "gap": 0},
           tshark_payload_differs="Fragments that come again are seen and count as duplicate; tshark counts the datagram once.")
