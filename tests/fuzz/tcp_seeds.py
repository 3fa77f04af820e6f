#!/usr/bin/env python3
"""Writes the seeds of tests/fuzz/corpus/tcp that a sender would send to cost time: the inputs of
tests/bench/micro/reassembly_bench.cc in small, one file each (see tcp_fuzz.cc for the records)."""
import os
import random
import struct

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus/tcp")
ACK, URG, SYN, PEER = 0x10, 0x20, 0x02, 0x80
LOW_TTL = 2 << 2  # the third of the target's


class Talk:
    """Segments at offsets of one direction's stream; the target counts each from the end of the one before."""

    def __init__(self, policy=4):
        self.out, self.at = bytearray([0x80 | policy << 2]), 0

    def send(self, offset, length=1, fill=120, flags=ACK, extra=0):
        self.out += struct.pack(">BhbBbBB", flags, offset - self.at, 0, length, 0, fill, extra)
        self.at = offset + length

    def acknowledge(self, offset):
        self.out += struct.pack(">BhbBbBB", PEER | ACK, 0, max(-128, min(127, offset - self.at)), 0, 0, 0, 0)


def doubtful_over_pieces(dice):
    talk = Talk()
    talk.acknowledge(0)
    for i in range(120):
        talk.send(2 * i + 1)
    for i in range(12):
        talk.send(1 + dice.randrange(20), 200 + i, 97 + i, extra=LOW_TTL)
    talk.send(0)
    return talk.out


def doubtful_singles(dice):
    talk = Talk()
    talk.acknowledge(0)
    for _ in range(300):
        talk.send(1 + dice.randrange(60), fill=dice.choice(b"ab"), extra=dice.choice([0, LOW_TTL]))
    talk.send(0, 60)
    return talk.out


def tiny_conflicts(dice):
    talk = Talk()
    for i in range(4):
        talk.send(250 * i, 250, 97)
    for _ in range(200):
        talk.send(dice.randrange(1000), fill=35)
    return talk.out


def late_singles(dice):
    talk = Talk()
    talk.acknowledge(0)
    for i in range(300):
        talk.send(2 * i + 1)
        if i % 40 == 39:
            talk.acknowledge(2 * i + 2)
        if i > 200:
            talk.send(2 * (i - 150 - dice.randrange(40)), fill=121)
    return talk.out


def urgent_bytes(_):
    talk = Talk()
    for i in range(300):
        talk.send(i, flags=ACK | URG, extra=1 << 4)
    return talk.out


def holes_without_receiver(_):
    talk = Talk()
    for i in range(300):
        talk.send(2 * i if i < 200 else 20000 * (i - 199))
    return talk.out


def sent_again_otherwise(dice):
    talk = Talk()
    for i in range(30):
        talk.send(200 * i, 200, 97)
        back = dice.randrange(1, 1 + min(200 * i + 200, 2000))
        talk.send(200 * i + 200 - back, min(back, 255), 97)
        if i % 10 == 9:
            talk.acknowledge(200 * i + 200)
    return talk.out


def cut_up(dice):
    """The policy "last": what waits is cut up from both ends and in the middle."""
    talk = Talk(policy=1)
    talk.acknowledge(0)
    talk.send(1, 255)
    for i in range(200):
        talk.send(1 + dice.randrange(254), 1 + dice.randrange(2), 98 + i % 20)
    talk.send(0)
    return talk.out


os.makedirs(FOLDER, exist_ok=True)
for seed in (doubtful_over_pieces, doubtful_singles, tiny_conflicts, late_singles, urgent_bytes, holes_without_receiver,
             sent_again_otherwise, cut_up):
    with open(os.path.join(FOLDER, "cost_" + seed.__name__), "wb") as f:
        f.write(seed(random.Random(8)))
