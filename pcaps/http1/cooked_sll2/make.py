#!/usr/bin/python3
"""Captured on all interfaces of the server at once: Linux cooked v2 headers instead of Ethernet."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, SERVER6, Case, Lab, People, csv_of, json_of

draw = People("cooked_sll2")
sent, shown = draw.persons(5), draw.persons(3)
upload, page = csv_of(sent).encode(), json_of(shown).encode()
case = Case(__file__)
case.persons(sent + shown)
case.item("initiator", "body", {"cn.resident_id": 5, "cn.mobile": 5, "net.email": 5}, upload)
case.item("responder", "body", {"cn.resident_id": 3, "cn.mobile": 3, "net.email": 3}, page)
with Lab(__file__) as lab:
    lab.www("shown.json", page)
    lab.nginx()
    lab.capture(interface="any", options=["-y", "LINUX_SLL2"])
    lab.curl("-T", lab.file("up.csv", upload), f"http://{SERVER4}/dav/up.csv")
    lab.curl("-g", f"http://[{SERVER6}]/shown.json")
    lab.stop_capture()
case.write("Linux cooked v2", "The link layer of tcpdump -i any is read, for IPv4 and IPv6.",
           "curl -> nginx, IPv4 and IPv6, tcpdump -i any -y LINUX_SLL2")
