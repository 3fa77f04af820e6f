#!/usr/bin/python3
"""ngtcp2's client and server: people are fetched over HTTP/3, with QUIC version 1 and the draft of version 2."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, json_of

people = People("ngtcp2").persons(40)
body = json_of(people).encode()
case = Case(__file__)
case.persons(people)
with Lab(__file__) as lab:
    lab.www("members.json", body)
    lab.certificate()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    for port in (443, 8853):
        lab.server(["gtlsserver", "-q", "--htdocs", f"{lab.work}/www", SERVER4, str(port), f"{lab.work}/key.pem",
                    f"{lab.work}/cert.pem"], port=port, **quiet)
    lab.capture()
    for port, version in ((443, "v1"), (8853, "v2draft")):
        folder = os.path.join(lab.work, version)
        os.mkdir(folder)
        lab.client(["gtlsclient", "-q", "--exit-on-all-streams-close", "--download", folder, "--version", version,
                    SERVER4, str(port), f"https://lab.example:{port}/members.json"], stderr=subprocess.DEVNULL)
        with open(os.path.join(folder, "members.json"), "rb") as copy:
            assert copy.read() == body
    lab.stop_capture()
case.write("QUIC", "QUIC version 1 and the draft of version 2 are recognised, on any port; their datagrams are counted as encrypted.",
           "gtlsclient -> gtlsserver (ngtcp2), HTTP/3, IPv4, UDP ports 443 and 8853",
           stderr_has=["not read .*encrypted [1-9]", r"\n +quic +2 flows, payload seen .*, encrypted [1-9]"])
