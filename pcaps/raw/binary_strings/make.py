#!/usr/bin/python3
"""Rows as protobuf and as MySQL's text protocol write them: a length in front of every string, and behind it the next field's tag
or length, which often is a digit or a letter."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import CLIENT4, SERVER4, Case, People
from lab.holes import write_frames
from lab.script import Conversation

draw = People("binary_strings")
messages, rows = draw.persons(12), draw.persons(12)


def string(text):
    data = text.encode()
    assert len(data) < 128
    return bytes([len(data)]) + data


def message(person):
    """Fields 1, 5, 6 and 8 to 12 of wire type 2: the tag is number * 8 + 2, so '2', 'B', 'J', 'R', 'Z', 'b'."""
    fields = [(1, person["name"]), (5, person["mobile"]), (6, person["resident_id"]), (8, person["mobile"]), (9, person["resident_id"]),
              (12, person["email"]), (10, "x"), (11, "y"), (12, "z")]
    return b"".join(bytes([number * 8 + 2]) + string(text) for number, text in fields)


def row(number, person):
    """Lengths that are digits and letters, by a remark of 48 to 59 and of 65 to 76 bytes; a packet's header in front."""
    data = b"".join(map(string, (person["name"], person["mobile"], "a" * (48 + number), person["resident_id"], "b" * (65 + number),
                                 person["email"])))
    return len(data).to_bytes(3, "little") + bytes([number]) + data


streams = [b"".join(b"\x0a" + bytes([0x80 | len(m) & 0x7F, len(m) >> 7]) + m for m in map(message, messages)),
           b"".join(row(n, p) for n, p in enumerate(rows))]
case = Case(__file__)
case.persons(messages + rows, ("name", "resident_id", "mobile", "email"))
frames = []
for port, stream in zip((42001, 42002), streams):
    talk = Conversation(port, 7001, 1_790_000_000 + port)
    talk.say(CLIENT4, b"\x03\x00\x00\x00\x01\x02\x03")
    talk.say(SERVER4, stream)
    talk.end()
    frames.extend(talk.frames)
    case.item("responder", "raw", {"cn.resident_id": 12, "cn.mobile": 12, "net.email": 12}, stream)
write_frames(os.path.join(case.folder, "input.pcap"), frames)
case.write("Strings with a length in front", "Where a value ends in binary data says the length before it, not the byte behind it.",
           "frames by script, protobuf and MySQL rows over TCP, IPv4")
