#!/usr/bin/python3
"""An asymmetric mirror: only the server's packets are in the capture."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, csv_of

people = People("one_direction").persons(14)
body = csv_of(people).encode()
case = Case(__file__)
case.persons(people)
case.item("responder", "body", {"cn.resident_id": 14, "cn.mobile": 14, "net.email": 14}, body)
with Lab(__file__) as lab:
    lab.www("list.csv", body)
    lab.nginx()
    lab.capture(options=["src", "host", SERVER4])
    lab.curl(f"http://{SERVER4}/list.csv")
    lab.stop_capture()
case.write("One direction only", "An answer is read without its request; a SYN with ACK says who opened the connection.",
           "curl -> nginx, IPv4, captured with the filter \"src host\"")
