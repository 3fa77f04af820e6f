#!/usr/bin/python3
"""A download whose file name and path hold an identity number."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from urllib.parse import quote

from lab import SERVER4, Case, Lab, People, csv_of

draw = People("file_name")
owner, people = draw.person(), draw.persons(3)
name = f"客户_{owner['resident_id']}.csv"
body = csv_of(people).encode()
case = Case(__file__)
case.persons(people)
case.secret(owner["resident_id"], name)
case.item("initiator", "url", {"cn.resident_id": 1})
case.item("responder", "headers", {"cn.resident_id": 1})
case.item("responder", "body", {"cn.resident_id": 3, "cn.mobile": 3, "net.email": 3}, body)
with Lab(__file__) as lab:
    lab.www(name, body)
    lab.nginx(server=f"add_header Content-Disposition 'attachment; filename=\"{name}\"';")
    lab.capture()
    lab.curl(f"http://{SERVER4}/{quote(name)}")
    lab.stop_capture()
case.write("Identity number in a file name", "Path and file name in the alert on the body are masked.",
           "curl -> nginx, IPv4, file name in UTF-8 in a header")
