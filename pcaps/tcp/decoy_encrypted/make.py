#!/usr/bin/python3
"""Plain tables of people behind bytes that pass for encryption: TLS, SSH after its keys, TLS in a CONNECT tunnel,
WireGuard. The decoys' own bytes are random, and as many as a sample takes or more."""
import os
import random
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import UDP, Ether

from lab import CLIENT4, SERVER4, Case, People, csv_of
from lab.holes import write_frames
from lab.script import Conversation, between

draw = People("decoy_encrypted")
case = Case(__file__)
noise = random.Random("decoy_encrypted").randbytes
DETECTORS = ("cn.resident_id", "cn.mobile", "net.email")
frames = []
TABLES = {}


def table(direction, kind, n=12):
    people = draw.persons(n)
    case.persons(people)
    case.item(direction, kind, {name: n for name in DETECTORS})
    return csv_of(people).encode()


def record(kind, payload):
    return struct.pack(">BHH", kind, 0x0303, len(payload)) + payload


def hello(kind):
    body = b"\x03\x03" + noise(32) + b"\0" + b"\0\x02\x13\x01\x01\0"
    return record(22, struct.pack(">I", kind << 24 | len(body)) + body)


def packet(number):
    """SSH's binary packet before there are keys (RFC 4253 section 6)."""
    payload = bytes([number]) + (noise(16) + struct.pack(">I", 4) + b"none" + b"\0" * 45 if number == 20 else b"")
    padding = 8 - (5 + len(payload)) % 8
    padding += 8 if padding < 4 else 0
    return struct.pack(">IB", 1 + len(payload) + padding, padding) + payload + noise(padding)


def talk(port, server_port, *said):
    conversation = Conversation(port, server_port, 1_790_000_000 + port)
    for who, data in said:
        conversation.say(who, data)
    conversation.end()
    frames.extend(conversation.frames)


# In the records' place, after a record of application data that is what it says.
talk(44001, 443, (CLIENT4, hello(1)), (SERVER4, hello(2)), (CLIENT4, record(23, noise(400))),
     (CLIENT4, table("initiator", "raw")))
# The answer too, as what a record of application data holds, each sent by itself.
talk(44002, 8443, (CLIENT4, hello(1)), (SERVER4, hello(2)), (SERVER4, record(23, noise(128))),
     (SERVER4, record(23, table("responder", "raw"))))
keys = b"SSH-2.0-OpenSSH_9.2\r\n" + packet(20) + packet(21)
talk(44003, 22, (CLIENT4, keys), (SERVER4, keys), (CLIENT4, noise(600)), (CLIENT4, table("initiator", "raw")))
talk(44004, 3128, (CLIENT4, b"CONNECT app.example.com:443 HTTP/1.1\r\nHost: app.example.com:443\r\n\r\n"),
     (SERVER4, b"HTTP/1.1 200 Connection established\r\n\r\n"), (CLIENT4, hello(1)), (SERVER4, hello(2)),
     (CLIENT4, record(23, noise(300))), (CLIENT4, table("initiator", "raw")))
# WireGuard: a handshake, transport data, and a datagram of another kind of program from the same port.
start = 1_790_000_000 + 44005
for at, source, payload in ((0, CLIENT4, b"\x01\0\0\0" + noise(144)), (1, SERVER4, b"\x02\0\0\0" + noise(88)),
                            (2, CLIENT4, b"\x04\0\0\0" + noise(4) + struct.pack("<Q", 0) + noise(240)),
                            (3, CLIENT4, table("initiator", "datagram"))):
    ports = {CLIENT4: 44005, SERVER4: 51820}
    frame = Ether(bytes(between(source) / UDP(sport=ports[source],
                                              dport=ports[SERVER4 if source == CLIENT4 else CLIENT4]) / payload))
    frame.time = start + at / 1000
    frames.append(frame)
write_frames(os.path.join(case.folder, "input.pcap"), frames)
case.write("Text behind what passes for encryption", "A flow that was taken for encrypted is read from the segment on that "
           "shows text.", "written by a script with scapy; ports 443, 8443, 22, 3128, 51820")
