#!/usr/bin/python3
"""Content-Encoding: deflate both ways: zlib as RFC 9110 wants it, and raw as some servers send it."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, csv_of, page_of

draw = People("download_deflate")
zlib_people, raw_people, close_people = draw.persons(8), draw.persons(9), draw.persons(7)
case = Case(__file__)
case.persons(zlib_people + raw_people + close_people)
contents = {"zlib.html": page_of(zlib_people).encode(), "raw.csv": csv_of(raw_people).encode(),
            "close.csv": csv_of(close_people).encode()}
for body, n in zip(contents.values(), (8, 9, 7)):
    case.item("responder", "body", {"cn.resident_id": n, "cn.mobile": n, "net.email": n}, body)
with Lab(__file__) as lab:
    for name, body in contents.items():
        lab.www(name, body)
    lab.app(SERVER4, 8080)
    lab.capture()
    base = f"http://{SERVER4}:8080/"
    assert lab.curl("--compressed", base + "zlib.html?coding=zlib") == contents["zlib.html"]
    # curl refuses raw deflate in this version's zlib; it is fetched as it is.
    lab.curl("--raw", "-H", "Accept-Encoding: deflate", base + "raw.csv?coding=raw&chunked=200")
    assert lab.curl(base + "close.csv?coding=gzip&close=1", "--compressed") == contents["close.csv"]
    lab.stop_capture()
case.write("deflate as zlib, deflate as raw, gzip until close",
           "Both readings of \"deflate\" are undone, in chunks too; a body without a length ends with the connection.",
           "curl -> Python http.server, IPv4, three connections")
