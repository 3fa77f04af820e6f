#!/usr/bin/python3
"""The segments of http1/upload_put in ESP as an IP protocol of its own (transport and tunnel mode), encrypted by scapy,
in IPv4 and in IPv6: the kernel here has no ESP, so that no program sends it."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import CLIENT4, CLIENT6, SERVER4, SERVER6, Case
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.layers.ipsec import ESP, SecurityAssociation
from scapy.layers.l2 import Ether
from scapy.utils import rdpcap, wrpcap
import yaml

FOLDER = os.path.dirname(os.path.abspath(__file__))
PLAIN = os.path.join(FOLDER, "../../http1/upload_put")
frames = [f for f in rdpcap(os.path.join(PLAIN, "input.pcap")) if IP in f]
with open(os.path.join(PLAIN, "case.yaml"), encoding="utf-8") as source:
    case = Case(__file__)
    case.secret(*yaml.safe_load(source)["seeds"])

KEYS = {"crypt_algo": "AES-CBC", "crypt_key": bytes(range(16)), "auth_algo": "SHA2-256-128", "auth_key": bytes(range(32))}
modes = {"transport": {}, "tunnel in IPv4": {"tunnel_header": IP(src=CLIENT4, dst=SERVER4)},
         "tunnel in IPv6": {"tunnel_header": IPv6(src=CLIENT6, dst=SERVER6)}}
out, at = [], float(frames[0].time)
for spi, mode in enumerate(modes.values(), 0x1001):
    association = SecurityAssociation(ESP, spi=spi, **KEYS, **mode)
    for frame in frames:
        sealed = association.encrypt(frame[IP].copy())
        packet = Ether(src=frame.src, dst=frame.dst) / sealed
        packet.time = at = at + 0.001
        out.append(packet)
wrpcap(os.path.join(FOLDER, "input.pcap"), out)
case.write("ESP", "ESP is counted in packets of its own kind; nothing is found in it.",
           "http1/upload_put in ESP (AES-CBC, HMAC-SHA-256) by scapy: transport mode, tunnel mode in IPv4 and in IPv6",
           stderr_has=[rf"packets +{len(out)} .*: esp {len(out)}", "there was no TCP or UDP payload to read"])
