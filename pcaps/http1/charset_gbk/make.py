#!/usr/bin/python3
"""Pages in GBK with a declared charset, in GBK with none, and in GB18030 with a four-byte character."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, page_of

draw = People("charset_gbk")
declared, silent, rare = draw.persons(5), draw.persons(6), draw.persons(3)
for person in rare:
    # A rare surname's GB18030 code ends in an ASCII digit byte, right before the number.
    person["resident_id_cell"] = chr(0x20BB7) + person["resident_id"]
bodies = [page_of(declared, charset="gbk").encode("gbk"), page_of(silent, charset="").encode("gbk"),
          page_of([{**p, "resident_id": p["resident_id_cell"]} for p in rare], charset="gb18030").encode("gb18030")]
case = Case(__file__)
case.persons(declared + silent + rare)
for body, n in zip(bodies, (5, 6, 3)):
    case.item("responder", "body", {"cn.resident_id": n, "cn.mobile": n, "net.email": n}, body)
with Lab(__file__) as lab:
    for name, body in zip(("declared.html", "plain.html", "rare.html"), bodies):
        lab.www(name, body)
    lab.nginx(server="location = /declared.html { charset gbk; } location = /rare.html { charset gb18030; }")
    lab.capture()
    lab.curl(*(f"http://{SERVER4}/{name}" for name in ("declared.html", "plain.html", "rare.html")))
    lab.stop_capture()
case.write("Pages in GBK and GB18030",
           "Charset by declaration and by detection; digits inside four-byte codes are not digits of the text.",
           "curl -> nginx, IPv4, one connection")
