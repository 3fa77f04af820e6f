#!/usr/bin/python3
"""Upload and download over a link that loses 4 % and reorders 12 % of the segments; captured behind it."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, csv_of

draw = People("lossy_link")
up, down = draw.persons(250), draw.persons(250)
fields = ("name", "resident_id", "mobile", "card")
upload, download = csv_of(up, fields, "2024年春季客户回访").encode(), csv_of(down, fields, "2024年春季客户回访").encode()
case = Case(__file__)
case.persons(up + down, fields)
for direction, body in (("initiator", upload), ("responder", download)):
    case.item(direction, "body", {"cn.resident_id": 250, "cn.mobile": 250, "payment.card": 250}, body)
with Lab(__file__, link="tap", drop=0.04, reorder=0.12, seed=20260101) as lab:
    lab.www("down.csv", download)
    lab.nginx()
    lab.capture()
    lab.curl("-T", lab.file("up.csv", upload), f"http://{SERVER4}/dav/up.csv")
    assert lab.curl(f"http://{SERVER4}/down.csv") == download
    lab.stop_capture()
case.write("Loss and reordering on the link",
           "Retransmitted and overtaken segments give the same text as a clean link, nothing twice.",
           "curl <-> nginx, IPv4, user-space link between two TAP devices, captured on the server's side: holes, late "
           "segments and acknowledgements of lost ones in one direction, duplicates in the other",
           stderr_has=["repeated [1-9]"])
