#!/usr/bin/python3
"""Takes single conversations out of the recordings in pcaps/, for the parsers' unit tests: JSON files here, written by tshark
(never by Weir). Again after `pcaps/record.sh` has recorded them anew:

    tests/data/encrypted/extract.py
"""
import json
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
PCAPS = HERE.parents[2] / "pcaps"
CASES = {
    "ssh": ("ssh/openssh", "tcp.port == 22 && tcp.len > 0", "tcp.payload", "tcp.srcport", 22),
    "dtls": ("dtls/s_client", "udp.port == 4433", "udp.payload", "udp.srcport", 4433),
    "quic": ("quic/ngtcp2", "udp.port == 443", "udp.payload", "udp.srcport", 443),
    "quic_v2": ("quic/ngtcp2", "udp.port == 8853", "udp.payload", "udp.srcport", 8853),
    "wireguard": ("wireguard/wireguard_go", "wg", "udp.payload", "ip.src", "10.66.0.80"),
    "ipsec_500": ("ipsec/strongswan", "udp.port == 500", "udp.payload", "ip.src", "10.66.0.80"),
    "ipsec_4500": ("ipsec/strongswan", "udp.port == 4500", "udp.payload", "ip.src", "10.66.0.80"),
}
for name, (case, display_filter, payload, sender, server) in CASES.items():
    lines = subprocess.run(["tshark", "-r", str(PCAPS / case / "input.pcap"), "-Y", display_filter, "-T", "fields",
                            "-e", sender, "-e", payload], capture_output=True, check=True, text=True).stdout.splitlines()
    steps = []
    for line in lines:
        source, data = line.split("\t")
        steps.append({"from": "server" if source == str(server) else "client", "hex": data.replace(":", "")})
    (HERE / f"{name}.json").write_text(json.dumps({"steps": steps}) + "\n")
    print(name, len(steps))
