#!/usr/bin/python3
"""What may stand before HTTP, or in its method's place: PROXY lines of both versions (HAProxy's proxy-protocol.txt, sections
2.1 and 2.2) and methods in lower case; bodies in aws-chunked."""
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import CLIENT4, SERVER4, Case, People, csv_of
from lab.holes import write_frames
from lab.script import Conversation

draw = People("openers")
case = Case(__file__)
DETECTORS = ("cn.resident_id", "cn.mobile", "net.email")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
frames, seen = [], 0


def upload(before=b"", method=b"POST", fields=b"", code=lambda body: body):
    global seen
    people = draw.persons(4)
    case.persons(people)
    case.item("initiator", "body", {name: len(people) for name in DETECTORS})
    body = code(csv_of(people).encode())
    request = before + method + (b" /api HTTP/1.1\r\nHost: app.example.com\r\n" + fields +
                                 b"Content-Length: %d\r\n\r\n" % len(body)) + body
    port = 45000 + len(case.truth)
    talk = Conversation(port, 80, 1_790_000_000 + port)
    talk.say(CLIENT4, request)
    talk.say(SERVER4, OK)
    talk.end()
    frames.extend(talk.frames)
    seen += len(request) + len(OK)


def signed_chunks(body, size=64):
    pieces = [body[at:at + size] for at in range(0, len(body), size)] + [b""]
    return b"".join(b"%x;chunk-signature=%s\r\n%s\r\n" % (len(p), b"0a" * 32, p) for p in pieces)


ADDRESSES = socket.inet_aton("192.0.2.7") + socket.inet_aton("192.0.2.80") + struct.pack(">HH", 51000, 80)
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
upload(b"PROXY TCP4 192.0.2.7 192.0.2.80 51000 80\r\n")
upload(b"PROXY UNKNOWN\r\n")
upload(SIGNATURE + struct.pack(">BBH", 0x21, 0x11, len(ADDRESSES)) + ADDRESSES)
# With a TLV behind the addresses (NOOP, section 2.2.7), and LOCAL, which has none.
TLV = b"\x04\0\x05" + b"\0" * 5
upload(SIGNATURE + struct.pack(">BBH", 0x21, 0x11, len(ADDRESSES + TLV)) + ADDRESSES + TLV)
upload(SIGNATURE + struct.pack(">BBH", 0x20, 0x00, 0))
upload(method=b"post")
upload(method=b"Put")
upload(fields=b"Content-Encoding: aws-chunked\r\n", code=signed_chunks)
write_frames(os.path.join(case.folder, "input.pcap"), frames)
case.write("Before HTTP, and almost HTTP", "PROXY lines, methods in lower case and aws-chunked bodies hide nothing.",
           "written by a script with scapy",
           payload={"seen": seen, "read": seen, "duplicate": 0, "unread": {}, "gap": 0},
           tshark_faults={"initiator": "tshark knows neither the methods nor what stands before them"})
