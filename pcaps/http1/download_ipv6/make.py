#!/usr/bin/python3
"""curl fetches an HTML page from nginx over IPv6."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER6, Case, Lab, People, page_of

people = People("download_ipv6").persons(6)
body = page_of(people).encode()
case = Case(__file__)
case.persons(people)
case.item("responder", "body", {"cn.resident_id": 6, "cn.mobile": 6, "net.email": 6}, body)
with Lab(__file__) as lab:
    lab.www("members.html", body)
    lab.nginx(http="charset utf-8;")
    lab.capture(name="input.pcapng", tool="dumpcap")
    lab.curl("-g", f"http://[{SERVER6}]/members.html")
    lab.stop_capture()
case.write("Download over IPv6", "IPv6 and pcapng are read; a response body alerts with the server as the sender.",
           "curl -> nginx, IPv6, Ethernet, pcapng by dumpcap")
