#!/usr/bin/python3
"""Captured on a host with segmentation offload: frames of tens of kilobytes, checksums not filled in."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, csv_of

people = People("offload").persons(500)
fields = ("name", "resident_id", "mobile", "card")
body = csv_of(people, fields).encode()
case = Case(__file__)
case.persons(people, fields)
case.item("responder", "body", {"cn.resident_id": 500, "cn.mobile": 500, "payment.card": 500}, body)
with Lab(__file__, offload=True) as lab:
    lab.www("all.csv", body)
    lab.nginx()
    lab.capture()
    lab.curl(f"http://{SERVER4}/all.csv")
    lab.stop_capture()
case.write("Segmentation and checksum offload", "Frames beyond 1,514 bytes and unfilled checksums are read like others.",
           "curl -> nginx, IPv4, veth with TSO, GSO and checksum offload on")
