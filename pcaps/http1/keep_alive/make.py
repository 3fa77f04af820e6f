#!/usr/bin/python3
"""One connection, many exchanges: GET, conditional GET (304), HEAD, POST, 204, GET."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, csv_of, json_of

draw = People("keep_alive")
shown, sent, later = draw.persons(2), draw.persons(3), draw.persons(5)
page, body, table = json_of(shown).encode(), json_of(sent).encode(), csv_of(later).encode()
case = Case(__file__)
case.persons(shown + sent + later)
case.item("responder", "body", {"cn.resident_id": 2, "cn.mobile": 2, "net.email": 2}, page)
case.item("initiator", "body", {"cn.resident_id": 3, "cn.mobile": 3, "net.email": 3}, body)
case.item("responder", "body", {"cn.resident_id": 5, "cn.mobile": 5, "net.email": 5}, table)
with Lab(__file__) as lab:
    lab.www("shown.json", page)
    lab.www("later.csv", table)
    lab.app()
    lab.nginx(server="if_modified_since before; location /empty { return 204; }")
    base = f"http://{SERVER4}"
    lab.capture()
    options = ["--silent", "--show-error", "--fail", "-o", "/dev/null"]
    lab.client(["curl", *options, f"{base}/shown.json", "--next",
                *options, "-z", "Tue, 01 Jan 2999 00:00:00 GMT", f"{base}/shown.json", "--next",
                *options, "-I", f"{base}/later.csv", "--next",
                *options, "-H", "Content-Type: application/json", "--data-binary", "@" + lab.file("b", body),
                f"{base}/api/save", "--next",
                *options, f"{base}/empty", "--next",
                *options, f"{base}/later.csv"])
    lab.stop_capture()
case.write("Keep-alive", "Six exchanges on one connection; 304, HEAD and 204 have no body whatever their headers say.",
           "curl --next -> nginx, IPv4, one connection")
