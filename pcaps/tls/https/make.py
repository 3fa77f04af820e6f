#!/usr/bin/python3
"""nginx with TLS 1.3 and 1.2: people are fetched, nothing is readable."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, json_of

people = People("https").persons(20)
body = json_of(people).encode()
case = Case(__file__)
case.persons(people)
with Lab(__file__) as lab:
    lab.www("members.json", body)
    lab.nginx(tls=True)
    lab.capture()
    assert lab.curl("-k", f"https://{SERVER4}/members.json") == body
    assert lab.curl("-k", "--tls-max", "1.2", f"https://{SERVER4}/members.json") == body
    lab.stop_capture()
case.write("HTTPS", "TLS is recognised; its bytes are counted as encrypted; nothing is found in them.",
           "curl -> nginx, TLS 1.3 and TLS 1.2, IPv4 port 443", stderr_has=["not read .*encrypted [1-9]"])
