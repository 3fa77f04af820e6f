#!/usr/bin/python3
"""Bytes that nobody can read, though no protocol says so: a gzip stream picked up in its middle, a WebSocket's masked client
(RFC 6455 5.3), enciphered datagrams. The WebSocket's server speaks in clear."""
import gzip
import json
import os
import random
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import UDP, Ether

from lab import CLIENT4, SERVER4, Case, People
from lab.holes import write_frames
from lab.script import Conversation, between

START = 1_790_000_000
chance = random.Random("nothing_shows")
people = People("nothing_shows").persons(60)
told, hidden = people[:3], people[3:]


def text(persons):
    return json.dumps([{"身份证号": p["resident_id"], "手机号": p["mobile"]} for p in persons], ensure_ascii=False).encode()


def frame(payload, masked):
    assert len(payload) < 65536
    size = struct.pack(">B", 0x80 * masked | len(payload)) if len(payload) < 126 else \
        struct.pack(">BH", 0x80 * masked | 126, len(payload))
    # A mask of small bytes would turn letters into letters: nobody could tell.
    mask = bytes(chance.randrange(128, 256) for _ in range(4)) if masked else b""
    return b"\x81" + size + mask + (bytes(b ^ mask[i % 4] for i, b in enumerate(payload)) if masked else payload)


# A download whose beginning was before the capture.
packed = gzip.compress("".join(f"{p['name']},{p['resident_id']},{chance.random()}\n" for p in hidden * 40).encode(), mtime=0)
middle = packed[2000:22000]
late = Conversation(40001, 9100, START, handshake=False)
late.say(SERVER4, middle)

web = Conversation(40002, 80, START + 1)
head = (b"GET /feed HTTP/1.1\r\nHost: app.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
switch = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          b"Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n")
asked = b"".join(frame(text([p]), True) for p in hidden)
answered = frame(text(told), False)
web.say(CLIENT4, head)
web.say(SERVER4, switch)
web.say(CLIENT4, asked)
web.say(SERVER4, answered)
web.end()

secret = [bytes(chance.randrange(256) for _ in range(n)) for n in (48, 400, 1200)]
others = []
for payload in secret:
    others.append(between(CLIENT4) / UDP(sport=40003, dport=9200, chksum=0) / payload)
frames = late.frames + web.frames
for n, packet in enumerate(others):
    frames.append(Ether(bytes(packet)))
    frames[-1].time = START + 2 + n / 10

case = Case(__file__)
write_frames(os.path.join(case.folder, "input.pcap"), frames)
case.persons(people, ("resident_id", "mobile"))
case.item("responder", "raw", {"cn.resident_id": 3, "cn.mobile": 3})
unread = len(middle) + len(asked) + sum(map(len, secret))
read = len(head) + len(switch) + len(answered)
case.write("Bytes in which nothing shows", "What is compressed, masked or enciphered without a word is scanned and not told as read.",
           "frames by script: TCP picked up late, WebSocket on port 80, UDP, IPv4",
           tshark_faults={"initiator": "tshark undoes the masks"},
           payload={"seen": read + unread, "read": read, "duplicate": 0, "unread": {"undecodable": unread}, "gap": 0})
