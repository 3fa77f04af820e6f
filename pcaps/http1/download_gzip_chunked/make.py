#!/usr/bin/python3
"""nginx compresses a JSON answer on the fly: gzip inside chunked."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, json_of

people = People("download_gzip_chunked").persons(60)
body = json_of(people).encode()
case = Case(__file__)
case.persons(people)
case.item("responder", "body", {"cn.resident_id": 60, "cn.mobile": 60, "net.email": 60}, body)
with Lab(__file__) as lab:
    lab.www("members.json", body)
    lab.nginx(http="gzip on; gzip_types application/json; gzip_min_length 100;")
    lab.capture()
    assert lab.curl("--compressed", f"http://{SERVER4}/members.json") == body
    lab.stop_capture()
case.write("gzip inside chunked", "Chunked framing and gzip are undone in this order; counts are those of the plain text.",
           "curl --compressed -> nginx gzip on, IPv4")
