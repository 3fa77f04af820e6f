#!/usr/bin/python3
"""An application server answers in chunks of 37 bytes: values lie across chunk lines."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, csv_of

people = People("download_chunked").persons(20)
body = csv_of(people).encode()
case = Case(__file__)
case.persons(people)
case.item("responder", "body", {"cn.resident_id": 20, "cn.mobile": 20, "net.email": 20}, body)
with Lab(__file__) as lab:
    lab.www("members.csv", body)
    lab.app(SERVER4, 8080)
    lab.capture(options=["--time-stamp-precision=nano"])
    assert lab.curl(f"http://{SERVER4}:8080/members.csv?chunked=37") == body
    lab.stop_capture()
case.write("Small chunks", "Values cut by chunk lines and by packets are found once and whole.",
           "curl -> Python http.server, IPv4, chunks of 37 bytes in a packet each, pcap in nanoseconds, port 8080")
