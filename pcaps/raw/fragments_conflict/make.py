#!/usr/bin/python3
"""Two recorded datagrams and a TCP segment in fragments, with decoys that overlap them: harmless text in place of the true one, before or after
it. Whatever the receiver takes, the true text is read."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import IP, TCP, UDP, Ether, Raw

from lab import SERVER4, Case, Lab, People
from lab.holes import frames_of, write_frames
from lab.pieces import fragments_of, tshark_rows

people = People("fragments_conflict").persons(18)
case = Case(__file__)
case.persons(people, ("resident_id", "mobile"))


def text_of(persons):
    """The first fragment and the last hold nothing but dashes."""
    lines = "".join(f"身份证号：{p['resident_id']} 手机号：{p['mobile']}\n" for p in persons).encode()
    return b"-" * (64 - 8) + lines.ljust((len(lines) + 63) // 64 * 64) + b"-" * 20


texts = [text_of(people[:6]), text_of(people[6:12])]
stream = text_of(people[12:])
with Lab(__file__) as lab:
    lab.server(["nc", "-u", "-l", "-k", "5514"], port=5514, stdout=subprocess.DEVNULL)
    lab.capture()
    for text in texts:
        lab.client(["nc", "-u", "-w", "1", SERVER4, "5514"], input=text)
    lab.server(["nc", "-l", "5515"], port=5515, stdout=subprocess.DEVNULL)
    lab.client(["nc", "-N", SERVER4, "5515"], input=stream)
    path = lab.stop_capture()
recorded = frames_of(path)
datagrams = [f for f in recorded if f.haslayer(UDP) and f[UDP].dport == 5514]
assert [bytes(f[UDP].payload)[:f[UDP].len - 8] for f in datagrams] == texts
segment = [f for f in recorded if f.haslayer(TCP) and f[TCP].dport == 5515 and bytes(f[TCP].payload).startswith(b"---")]
assert len(segment) == 1 and bytes(segment[0][TCP].payload) == stream
frames, again = [], 0
for frame in recorded:
    if frame not in datagrams + segment:
        if frame.haslayer(TCP):
            frames.append(frame)
        continue
    decoy_first = frame is datagrams[0]
    true = fragments_of(frame, 64)
    decoys = []
    for piece in true[1:-1]:
        decoy = piece.copy()
        decoy[IP].remove_payload()
        decoy = decoy / Raw(b"harmless text. " * 4 + b"abcd")
        decoy[IP].ttl = 1
        del decoy[IP].chksum, decoy[IP].len
        decoy = Ether(bytes(decoy))
        assert decoy[IP].len == piece[IP].len
        decoy.time = frame.time
        decoys.append(decoy)
        again += decoy[IP].len - 20
    middle = decoys + true[1:-1] if decoy_first else true[1:-1] + decoys
    frames += true[:1] + middle + true[-1:]
write_frames(path, frames)
assert len(tshark_rows(path, "ip.fragment.overlap.conflict", "ip.id")) == 3
# TCP's header is longer, and the first fragment's text begins later: the dashes are long enough.
# For hosts that nobody named, Linux's policy: of two fragments with one offset the later counts.
case.item("initiator", "datagram", {"cn.resident_id": 6, "cn.mobile": 6})
case.item("initiator", "conflict", {"cn.resident_id": 6, "cn.mobile": 6})
case.item("initiator", "conflict", {"cn.resident_id": 6, "cn.mobile": 6})
case.write("Fragments that contradict each other", "Of overlapping fragments that differ both versions are read.",
           "nc -> nc, UDP 5514 and TCP 5515, IPv4, cut by scapy into fragments of 64 bytes with decoys of another text; port 5514 and port 5515",
           stderr_has=["3 whose fragments contradict each other"],
           payload={"seen": sum(map(len, texts)) + len(stream) + again, "unread": {}, "gap": 0},
           tshark_payload_differs="Fragments that come again, with other bytes, are seen each time; tshark counts the datagram once.")
