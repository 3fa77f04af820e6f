#!/usr/bin/env python3
"""Writes the seeds of tests/fuzz/corpus/fragments: what fragments may do, one file each (see fragments_fuzz.cc)."""
import os
import struct

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus/fragments")
MORE, CUT, V6, OTHER, OWN = 2, 4, 1, 8, 32


def piece(offset, length, more=True, fill=65, flags=0, ident=1, step=0, own=None):
    head = struct.pack(">BHB", ident << 4 | flags | (MORE if more else 0), offset // 8, length) + bytes([step, fill])
    return head + (own or b"")


def own(offset, data, more=True, flags=0, ident=1, protocol=17):
    return piece(offset, len(data), more, protocol, flags | OTHER, ident, own=data)


def novak():
    rows = [(0, 24), (32, 16), (48, 24), (80, 8), (104, 16), (120, 24), (144, 16), (160, 16), (176, 8), (8, 32), (48, 24),
            (72, 24), (96, 24), (128, 8), (152, 8), (160, 8), (176, 16)]
    return b"".join(piece(o, n, i < 16, 65 + i) for i, (o, n) in enumerate(rows))


UDP = struct.pack(">HHHH", 5000, 514, 48, 0) + b"forty bytes of text, neither more or less"[:40]
INNER = bytes.fromhex("4500003400010000401100000a0000010a000002") + struct.pack(">HHHH", 1, 2, 32, 0) + b"inner datagram's payload"
VXLAN = struct.pack(">HHHHII", 4789, 4789, 16 + 14 + len(INNER), 0, 0x08000000, 0x500) + bytes(12) + b"\x08\x00" + INNER
FRAG6 = struct.pack(">BBHI", 17, 0, 1, 9)

SEEDS = {
    "in_order": b"\0" + piece(0, 64) + piece(64, 64) + piece(128, 5, False),
    "reversed_cut": b"\0" + piece(128, 5, False) + piece(64, 64, flags=CUT) + piece(0, 64),
    "cut_then_whole": b"\0" + piece(0, 64, flags=CUT) + piece(0, 64) + piece(64, 1, False),
    "v6_same_id": b"\0" + piece(0, 16) + piece(0, 16, flags=V6) + piece(16, 3, False, flags=V6) + piece(16, 3, False),
    "many_versions": b"\0" + b"".join(piece(8, 16, fill=i) for i in range(40)) + piece(0, 8) + piece(24, 1, False),
    "two_ends": b"\0" + piece(8, 8, False) + piece(16, 16) + piece(32, 1, False) + piece(0, 16),
    "forged_end_late_rest": b"\0" + piece(0, 16) + piece(16, 8, False) + piece(16, 16, fill=66) + piece(32, 1, False) +
                            piece(0, 1, step=31, ident=2),
    "whole_twice": b"\0" + (piece(0, 8) + piece(8, 2, False)) * 3,
    "ping_of_death": b"\0" + piece(65528, 200, False) + piece(65528, 7, False) + piece(0, 8),
    "empty": b"\0" + piece(0, 0) + piece(8, 0, False) + piece(0, 8),
    "odd_more": b"\0" + piece(0, 9) + piece(8, 4, False, 66) + piece(16, 3, False, ident=2) + piece(0, 9, ident=2),
    "timeouts": b"\0" + piece(0, 8) + piece(0, 8, flags=V6, step=29) + piece(8, 8, False, step=2) + piece(8, 3, False, flags=V6, step=40),
    "small_budget": b"\x08" + b"".join(piece(0, 40, ident=i % 16, step=0x80) for i in range(40)),
    "few_fragments": b"\x10" + b"".join(piece(8 * i, 8) for i in range(40)),
    "udp_with_hole": bytes([OWN]) + own(0, UDP[:16]) + own(32, UDP[32:], False),
    "udp_versions": bytes([OWN]) + own(0, UDP[:32]) + own(16, b"another version.") + own(32, UDP[32:], False),
    "vxlan_in_fragments": bytes([OWN]) + own(0, VXLAN[:32]) + own(32, VXLAN[32:], False),
    "vxlan_with_hole": bytes([OWN]) + own(0, VXLAN[:56]) + own(64, VXLAN[64:], False),
    "fragment_in_fragment6": bytes([OWN]) + own(0, FRAG6 + UDP[:24], flags=V6, protocol=44) + own(32, UDP[24:32], False, flags=V6, protocol=44),
    "cost_differing_eights": b"\0" + piece(0, 8) + b"".join(piece(8 + 8 * (i % 8), 8, fill=i % 251) for i in range(600)) + piece(72, 1, False),
    "cost_recut": b"\0" + piece(0, 64) + piece(64, 64) + piece(128, 5, False) + piece(0, 40) + piece(40, 56) + piece(96, 32) +
                  piece(120, 13, False) + piece(0, 133, False),
    "two_protocols6": bytes([OWN]) + own(0, UDP[:32], flags=V6, protocol=6) + own(0, UDP[:32], flags=V6) + own(32, UDP[32:], False, flags=V6),
}
for number, name in enumerate(["first", "last", "bsd", "linux", "windows", "solaris"]):
    SEEDS["novak_" + name] = bytes([number]) + novak()

os.makedirs(FOLDER, exist_ok=True)
for name, seed in SEEDS.items():
    with open(os.path.join(FOLDER, name), "wb") as f:
        f.write(seed)
