#!/usr/bin/python3
"""OpenSSL speaks DTLS 1.2 and DTLS 1.0: people are sent, nothing is readable."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, json_of

people = People("dtls").persons(8)
case = Case(__file__)
case.persons(people)
with Lab(__file__) as lab:
    lab.certificate()
    servers = []
    for port, version in ((4433, "-dtls1_2"), (5684, "-dtls1")):
        lab.server(["openssl", "s_server", version, "-accept", f"{SERVER4}:{port}", "-cert", f"{lab.work}/cert.pem", "-key",
                    f"{lab.work}/key.pem", "-cipher", "ALL:@SECLEVEL=0", "-quiet"], port=port,
                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lab.capture()
    for port, version in ((4433, "-dtls1_2"), (5684, "-dtls1")):
        client = lab.spawn(["openssl", "s_client", version, "-connect", f"{SERVER4}:{port}", "-cipher",
                            "ALL:@SECLEVEL=0", "-quiet", "-no_ign_eof"], lab.a, stdin=subprocess.PIPE,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1)  # the handshake: input before it would be lost
        for person in people:
            client.stdin.write(json_of([person]).encode() + b"\n")
            client.stdin.flush()
            time.sleep(0.05)
        time.sleep(0.3)
        client.stdin.close()
        client.wait(10)
    lab.stop_capture()
case.write("DTLS", "DTLS is recognised; its datagrams are counted as encrypted; nothing is found in them.",
           "openssl s_client -> openssl s_server, DTLS 1.2 and 1.0, IPv4, UDP ports 4433 and 5684",
           stderr_has=["not read .*encrypted [1-9]", r"\n +dtls +2 flows, payload seen .*, encrypted [1-9]"])
