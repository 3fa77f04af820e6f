#!/usr/bin/env python3
"""Writes the seeds of the fuzz target "parser" (its header describes the input) into corpus/parser.

Conversations recorded between real programs (tests/data/http1), and the hostile ones by hand.
"""
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[1]
OUT = ROOT / "fuzz/corpus/parser"
HTTP, TLS, SSH, QUIC, DTLS, WIREGUARD, IPSEC = range(7)


def records(direction, data):
    for i in range(0, len(data), 4000):
        piece = data[i:i + 4000]
        yield bytes([direction | (len(piece) >> 8) << 3, len(piece) & 255]) + piece


def gap(direction, n):
    return bytes([direction | 6 | (n >> 8) << 3, n & 255])


END, AHEAD = 0, 4  # a hole of no size is the direction's end; a direction with AHEAD: captured too early


def seed(name, parser, *steps, late=0):
    parts = [bytes([parser, late])]
    for direction, what in steps:
        parts.extend([gap(direction, what)] if isinstance(what, int) else records(direction, what))
    (OUT / name).write_bytes(b"".join(parts))


def recorded(steps):
    return [(0 if s["from"] == "client" else 1, bytes.fromhex(s["hex"])) for s in steps]


POST = b"POST /p?q=1 HTTP/1.1\r\nHost: h\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\n"

http = recorded(json.loads((ROOT / "data/http1/http.json").read_text())["steps"])
seed("http_recorded", HTTP, *http)
seed("http_recorded_late", HTTP, *http[3:], late=1)
seed("http_recorded_holes", HTTP, *http[:4], (1, 3), *http[5:9], (0, 40), *http[9:])
for i, conversation in enumerate(json.loads((ROOT / "data/http1/tls.json").read_text())):
    steps = recorded(conversation["steps"])
    seed(f"tls_recorded_{i}", TLS, *steps)
    seed(f"tls_late_{i}", TLS, *steps[2:], late=1)
    seed(f"http_connect_tls_{i}", HTTP, (0, b"CONNECT a:443 HTTP/1.1\r\n\r\n"), (1, OK + b"\r\n"), *steps)
seed("tls_broken", TLS, (0, b"\x16\x03\x01\x00\x05\x01\x00\x00\x01xplain text"), (1, b"\x17\x03\x03\x00\x02ab"))
seed("http_chunk_huge", HTTP, (0, POST + CHUNKED + b"ffffffffffffffff\r\nab"), (0, 100), (0, b"cd"))
seed("http_chunk_overflow", HTTP, (0, POST + CHUNKED + b"10000000000000000\r\nabGET / HTTP/1.1\r\n\r\n"))
seed("http_chunk_trailers", HTTP, (0, POST + CHUNKED + b"3;e=1\r\nabc\r\n0\r\nT: x\r\n\r\nGET / HTTP/1.1\r\n\r\n"))
seed("http_chunk_broken", HTTP, (0, POST + CHUNKED + b"3\r\nabcX\r\n}GET /x HTTP/1.1\r\n\r\n"))
seed("http_two_lengths", HTTP, (0, POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"))
seed("http_smuggling", HTTP, (0, POST + b"Content-Length: 6\r\n" + CHUNKED + b"0\r\n\r\nGET /s HTTP/1.1\r\n\r\n"))
seed("http_pipeline", HTTP, (0, b"HEAD /%d HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n" * 5),
     (1, (OK + b"Content-Length: 1\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx") * 5))
seed("http_upgrade", HTTP, (0, POST + b"Upgrade: x\r\nContent-Length: 2\r\n\r\na"),
     (1, b"HTTP/1.1 101 S\r\n\r\nraw"), (0, b"bframes"))
seed("http_folded", HTTP, (0, POST + b"Content-Type: a\r\n b\r\nAuthorization: Basic YTpi\r\n\tx\r\n\r\n"))
seed("http_meta", HTTP, (1, OK + b"Content-Disposition: attachment; filename*=GBK''%bf%cd; filename=\"=?UTF-8?B?5a6i?=\"\r\n"
                         b"Forwarded: for=\"[::1]:4\"\r\nX-Forwarded-For: 1.2.3.4, x\r\nContent-Range: bytes 1-2/3\r\n"
                         b"Content-Encoding: gzip, br\r\n\r\nbody"))
seed("http_head_hole", HTTP, (0, POST + b"Cook"), (0, 9), (0, b"ie: 1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"))
seed("http_junk", HTTP, (0, b"GET /old\r\n\x01\x02PUT http://h/ HTTP/1.0\n\n"), (1, b"<html>HTTP/1.1 200 OK\r\n\r\n"))
seed("http_long_head", HTTP, (0, POST + b"A: " + b"b" * 70000 + b"\r\nContent-Length: 1\r\n\r\nxGET / HTTP/1.1\r\n\r\n"))

TIMEOUT = b"HTTP/1.1 408 T\r\nContent-Length: 0\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
seed("http_unasked", HTTP, (1, TIMEOUT), (0, GET), (1, OK + b"Content-Length: 1\r\n\r\nx" + TIMEOUT), (0, GET), (1, OK + b"\r\n"))
seed("http_ahead", HTTP, (1 | AHEAD, OK + b"Content-Length: 1\r\n\r\nx"), (0, GET + GET), (1, OK + b"\r\n"))
seed("http_answered_inside", HTTP, (0, GET[:9]), (1, TIMEOUT), (0, GET[9:] + GET), (1, OK + b"\r\n"))
seed("http_ends", HTTP, (0, POST + b"Cookie"), (0, END), (1, OK + b"\r\nbody"), (1, END), (0, b"late"))
seed("http_server_first", HTTP, (0, OK + b"Content-Length: 1\r\n\r\nx"), (1, GET), (0, OK + b"\r\ny"), late=1)
seed("http_many_begins", HTTP, (0, POST + CHUNKED + b"ZZ\r\n" + b"GET /" * 600 + b"a" * 900 + b"\nGET / HTTP/1.1\r\n\r\n"))
seed("http_parameters", HTTP, (0, POST + b"Content-Disposition: a" + b';x=""' * 700 + b"\r\n\r\n"))
seed("tls_empty_records", TLS, (0, b"\x17\x03\x03\0\0" * 700 + b"\xff" * 6), (0, b"\x17" * 80), late=1)

for name, parser in (("ssh", SSH), ("quic", QUIC), ("quic_v2", QUIC), ("dtls", DTLS), ("wireguard", WIREGUARD),
                     ("ipsec_500", IPSEC), ("ipsec_4500", IPSEC)):
    steps = recorded(json.loads((ROOT / f"data/encrypted/{name}.json").read_text())["steps"])
    seed(f"{name}_recorded", parser, *steps[:12])
VERSION = b"SSH-2.0-x\r\n"
seed("ssh_hole", SSH, (0, VERSION + b"\0\0\0\x0c\x0a\x14"), (0, 3), (0, b"plain"), (1, VERSION), (1, 2), (1, b"rest"))
seed("ssh_newkeys", SSH, (0, VERSION + b"\0\0\0\x0c\x0a\x15" + b"\0" * 10 + b"x"), (1, b"hi\n" + VERSION + b"\xff" * 9))
seed("ssh_text_behind_keys", SSH, (0, VERSION + b"\0\0\0\x0c\x0a\x15" + b"\0" * 10 + b"name,id\nZhang,11010119900307\n" * 6))
seed("quic_lengths", QUIC, (0, b"\xc0\0\0\0\1\xff"), (0, b"\xc0\0\0\0\1\0\0" + b"\xff" * 12), (1, b"\x80\0\0\0\0\0\0\0"))
seed("dtls_chain", DTLS, (0, b"\x16\xfe\xfd" + b"\0" * 8 + b"\0\1\1"), (1, b"\x16\xfe\xfd" + b"\0" * 8 + b"\0\1\2\x2e\x80\x80"), (0, b"\x2e\x90"))
seed("ipsec_marker", IPSEC, (0, b"\0\0\0\0"), (0, b"\xff"), (1, b"\0\0\1\1\0\0\0\1" + b"\x80" * 16), (1, b"text"))
