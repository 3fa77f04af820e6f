#!/usr/bin/python3
"""Responses of which the capture lost what frames them: the line before a chunk, the end of a chunk with the line behind it,
a whole header section. What follows the hole is read, and no alert on it says that it was complete."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import CLIENT4, SERVER4, Case, People
from lab.holes import write_frames
from lab.script import Conversation

people = People("holes_in_framing").persons(12)
REQUEST = b"GET /list HTTP/1.1\r\nHost: app.example.com\r\n\r\n"


def rows(persons):
    return "".join(f"身份证号：{p['resident_id']} 手机号：{p['mobile']}\r\n" for p in persons).encode()


case = Case(__file__)
case.persons(people, ("resident_id", "mobile"))
frames, seen, gap = [], 0, 0


def exchange(port, *pieces):
    """pieces: what the server says, and whether the capture has it."""
    global seen, gap
    talk = Conversation(port, 80, 1_790_000_000 + port)
    talk.say(CLIENT4, REQUEST)
    seen += len(REQUEST)
    for piece, kept in pieces:
        talk.say(SERVER4, piece, kept)
        seen, gap = (seen + len(piece), gap) if kept else (seen, gap + len(piece))
    talk.end()
    frames.extend(talk.frames)


def chunk(body):
    return b"%x\r\n" % len(body), body, b"\r\n"


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
# The line before a chunk is lost.
a, b = rows(people[:2]), rows(people[2:4])
size, body, end = chunk(b)
exchange(41001, (HEAD + b"".join(chunk(a)), True), (size, False), (body + end + b"0\r\n\r\n", True))
# The last bytes of a chunk are lost, and the line behind them.
c, d = rows(people[4:6]), rows(people[6:8])
size, body, end = chunk(d)
exchange(41002, (HEAD + b"%x\r\n" % (len(c) + 100) + c, True), (b"." * 100 + b"\r\n" + size, False), (body + end + b"0\r\n\r\n", True))
# A header section is lost.
e = rows(people[8:12])
exchange(41003, (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(e), False), (e, True))
for kind in ("body", "raw", "body", "raw"):
    case.item("responder", kind, {"cn.resident_id": 2, "cn.mobile": 2})
case.item("responder", "raw", {"cn.resident_id": 4, "cn.mobile": 4})
write_frames(os.path.join(case.folder, "input.pcap"), frames)
case.write("Holes that take the framing", "What follows a hole in which its headers or its chunk size were is read, and told as part of something, "
           "not as a whole.", "frames by script, HTTP/1.1 over IPv4",
           tshark_faults={"responder": "behind the hole tshark has no message"},
           payload={"seen": seen, "read": seen, "duplicate": 0, "unread": {}, "gap": gap})
