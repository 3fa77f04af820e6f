#!/usr/bin/python3
"""curl asks tinyproxy for a tunnel and speaks TLS with nginx through it; then plain HTTP through the same proxy."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import CLIENT4, SERVER4, Case, Lab, People, json_of

draw = People("connect_tls")
hidden, shown = draw.persons(20), draw.persons(3)
secret, body = json_of(hidden).encode(), json_of(shown).encode()
case = Case(__file__)
case.persons(hidden)
case.persons(shown)
case.item("responder", "body", {"cn.resident_id": 3, "cn.mobile": 3, "net.email": 3}, body)
with Lab(__file__) as lab:
    lab.www("members.json", secret)
    lab.www("open.json", body)
    lab.nginx(tls=True)
    config = lab.file("tinyproxy.conf", f"""
Port 3128
Listen {SERVER4}
Timeout 60
MaxClients 10
Allow {CLIENT4}
ConnectPort 443
LogLevel Error
""".encode())
    lab.server(["tinyproxy", "-d", "-c", config], port=3128, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lab.capture(options=("tcp", "port", "3128"))
    proxy = ["--proxy", f"http://{SERVER4}:3128"]
    assert lab.curl("-k", *proxy, f"https://{SERVER4}/members.json") == secret
    assert lab.curl(*proxy, f"http://{SERVER4}/open.json") == body
    lab.stop_capture()
case.write("TLS in a CONNECT tunnel",
           "What goes through the tunnel after the 200 is encrypted, and counted so; the exchange before it and plain "
           "requests to the same proxy are read.",
           "curl -> tinyproxy -> nginx, CONNECT and GET, IPv4 port 3128",
           stderr_has=["not read .*encrypted [1-9]", r"\n +http +2 flows, payload seen .*, encrypted [1-9]"])
