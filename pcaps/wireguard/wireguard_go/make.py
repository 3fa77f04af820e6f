#!/usr/bin/python3
"""Two wireguard-go devices: people are uploaded through the tunnel, nothing is readable outside."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, csv_of

people = People("wireguard_go").persons(20)
body = csv_of(people).encode()
case = Case(__file__)
case.persons(people)


def key_pair():
    secret = subprocess.run(["wg", "genkey"], capture_output=True, check=True).stdout
    return secret, subprocess.run(["wg", "pubkey"], input=secret, capture_output=True, check=True).stdout.decode().strip()


with Lab(__file__) as lab:
    # Device names are those of control sockets too, which namespaces share.
    ends = {ns: (inner, f"wg{side}{os.getpid()}") for ns, inner, side in ((lab.a, "10.67.0.2", "a"), (lab.b, "10.67.0.80", "b"))}
    keys = {ns: key_pair() for ns in ends}
    for ns, (_, device) in ends.items():
        lab.spawn(["wireguard-go", "-f", device], ns, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                  env={**os.environ, "LOG_LEVEL": "error", "WG_PROCESS_FOREGROUND": "1"})
    time.sleep(1)
    for ns, (inner, device) in ends.items():
        other = next(n for n in ends if n != ns)
        secret = lab.file(device, keys[ns][0])
        command = ["wg", "set", device, "private-key", secret, "listen-port", "51820", "peer", keys[other][1],
                   "allowed-ips", ends[other][0] + "/32"]
        command += ["endpoint", f"{SERVER4}:51820"] if ns == lab.a else []
        subprocess.run(["ip", "netns", "exec", ns, *command], check=True)
        subprocess.run(["ip", "-n", ns, "addr", "add", inner + "/24", "dev", device], check=True)
        subprocess.run(["ip", "-n", ns, "link", "set", device, "mtu", "1420", "up"], check=True)
    lab.nginx(server="client_body_timeout 5s; listen 10.67.0.80:8080;")
    lab.capture()
    lab.curl("-T", lab.file("members.csv", body), "http://10.67.0.80:8080/dav/members.csv")
    lab.stop_capture()
case.write("WireGuard", "WireGuard is recognised by its messages; its datagrams are counted as encrypted.",
           "curl -> nginx through wireguard-go, IPv4, UDP port 51820",
           stderr_has=["not read .*encrypted [1-9]", r"\n +wireguard +1 flows, payload seen .*, encrypted [1-9]"])
