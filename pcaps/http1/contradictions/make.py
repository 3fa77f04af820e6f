#!/usr/bin/python3
"""Bodies whose first bytes, headers or charsets say something that the rest contradicts, and framing that only lenient
receivers take: a server that ignores such words reads them all."""
import gzip
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import CLIENT4, SERVER4, Case, People
from lab.holes import write_frames
from lab.script import Conversation

people = People("contradictions").persons(60)
case = Case(__file__)
case.persons(people, ("resident_id", "mobile"))
frames, seen = [], 0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def rows(persons):
    return "".join(f"身份证号：{p['resident_id']} 手机号：{p['mobile']}\r\n" for p in persons)


def upload(body, fields=b"", framed=None):
    """A POST on a connection of its own."""
    global seen
    port = 42001 + len(case.truth)
    if framed is None:
        fields += b"Content-Length: %d\r\n" % len(body)
    talk = Conversation(port, 80, 1_790_000_000 + port)
    request = b"POST /api HTTP/1.1\r\nHost: app.example.com\r\n" + fields + b"\r\n" + (framed or body)
    talk.say(CLIENT4, request)
    talk.say(SERVER4, OK)
    talk.end()
    frames.extend(talk.frames)
    seen += len(request) + len(OK)
    case.item("initiator", "body", {"cn.resident_id": 3, "cn.mobile": 3})


def three():
    """The next three people's rows."""
    at = 3 * len(case.truth)
    return rows(people[at:at + 3])


CODING = b"Content-Encoding: %s\r\n"
TYPE = b"Content-Type: text/plain; charset=%s\r\n"
# Marks and magics.
upload(b"\xff\xfe" + three().encode())
upload(b"\xef\xbb\xbf" + three().encode("gb18030"))
upload(b"\x1f\x8b\x08" + three().encode())
# Headers that servers ignore.
for word in (b"utf-8", b"gbk", b"none", b"8bit", b"deflate", b"br"):
    upload(three().encode(), CODING % word)
upload(gzip.compress(three().encode(), mtime=0), CODING % b"gzip" + b"Content-Range: bytes 1-44/45\r\n")
upload(gzip.compress(gzip.compress(three().encode(), mtime=0), mtime=0), CODING % b"gzip")
# Declared charsets.
upload(three().encode("utf-16le"), TYPE % b"utf-8")
upload("".join(f"%{b:02X}" for b in three().encode()).encode(), TYPE % b"utf-16")
# A beginning in one charset, the rest in another.
upload("hello world ".encode("utf-16le") * 500 + three().encode())
upload("的一是不了人我在有他 ".encode() * 300 + three().encode("gb18030"))
# Strings of two bytes a character between others, at an odd place.
upload(bytes(range(128, 256)) * 9 + b"\x01" + three().encode("utf-16le") + bytes(range(255, 127, -1)) * 9)
# Framing.
body = three().encode()
half = len(body) // 2
CHUNKED = b"Transfer-Encoding: chunked\r\n"
upload(body, CHUNKED, b"%x;a=%s\r\n%s\r\n0\r\n\r\n" % (len(body), b"x" * 5000, body))
body = three().encode()
upload(body, CHUNKED, b"\r\n 0x%x\r\n%s\r\n\r\n\t%X\r\n%s\r\n0\r\n\r\n" % (half, body[:half], len(body) - half, body[half:]))
body = three().encode()
signed = [b"%x;chunk-signature=%s\r\n%s\r\n" % (len(piece), b"c" * 64, piece) for piece in (body[:half - 30], body[half - 30:], b"")]
upload(b"".join(signed), CODING % b"aws-chunked")

write_frames(os.path.join(case.folder, "input.pcap"), frames)
case.write("Words that the bytes contradict", "A mark, a magic, a declared coding, charset or range decides for no bytes that contradict it; chunk "
           "lines are read as lenient receivers read them.", "frames by script, HTTP/1.1 over IPv4",
           tshark_faults={"initiator": "tshark believes the codings, and has no body in lenient chunks"},
           payload={"seen": seen, "read": seen, "duplicate": 0, "unread": {}, "gap": 0})
