#!/usr/bin/python3
"""curl uploads a customer list to nginx (WebDAV PUT)."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, csv_of

people = People("upload_put").persons(12)
body = csv_of(people).encode()
case = Case(__file__)
case.persons(people)
case.item("initiator", "body", {"cn.resident_id": 12, "cn.mobile": 12, "net.email": 12}, body)
with Lab(__file__) as lab:
    lab.nginx()
    lab.capture()
    lab.curl("-T", lab.file("customers.csv", body), f"http://{SERVER4}/dav/customers.csv")
    lab.stop_capture()
case.write("Upload with PUT", "A request body with Content-Length is read; the answer (201, no body) is silent.",
           "curl -> nginx, IPv4, Ethernet, pcap in microseconds")
