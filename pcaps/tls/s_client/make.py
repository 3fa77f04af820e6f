#!/usr/bin/python3
"""openssl s_client and s_server on a port of no meaning."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))

from lab import SERVER4, Case, Lab, People, csv_of

people = People("s_client").persons(10)
case = Case(__file__)
case.persons(people)
with Lab(__file__) as lab:
    lab.certificate()
    lab.server(["openssl", "s_server", "-accept", "9443", "-cert", f"{lab.work}/cert.pem", "-key", f"{lab.work}/key.pem",
                "-quiet", "-naccept", "1"], port=9443, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    lab.capture()
    lab.client(["openssl", "s_client", "-connect", f"{SERVER4}:9443", "-quiet", "-no_ign_eof"],
               input=csv_of(people).encode(), stderr=subprocess.DEVNULL)
    lab.stop_capture()
case.write("TLS on another port", "TLS is known by its bytes, not by its port.",
           "openssl s_client -> s_server, TLS 1.3, IPv4 port 9443", stderr_has=["not read .*encrypted [1-9]"])
