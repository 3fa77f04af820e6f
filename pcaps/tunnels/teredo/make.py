#!/usr/bin/python3
"""curl fetches a page over IPv6 from a Teredo address; scapy puts the packets into Teredo's datagrams."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
import struct

from scapy.all import UDP

from lab import Case, Lab, People, page_of
from lab.holes import frames_of, write_frames
from lab.wrap import ip_of, outer4, wrap_frames

CLIENT, SERVER = "2001:0:c612:9:0:fbc8:39ed:fffe", "fd00:67::80"
people = People("tunnel_teredo").persons(5)
body = page_of(people).encode()
case = Case(__file__)
case.persons(people)
case.item("responder", "body", {"cn.resident_id": 5, "cn.mobile": 5, "net.email": 5}, body)
with Lab(__file__) as lab:
    lab.more_addresses([CLIENT, "fd00:67::2"], [SERVER, "2001:0:c612:9::80"])
    lab.www("members.html", body)
    lab.nginx(http="charset utf-8;", server=f"listen [{SERVER}]:80;")
    lab.capture(options=("tcp",))
    lab.curl("-g", "--interface", CLIENT, f"http://[{SERVER}]/members.html")
    lab.stop_capture()

AUTHENTICATION = struct.pack(">HBB", 1, 0, 0) + b"nonce..." + b"\0"
ORIGIN = struct.pack(">HH", 0, 0xffff ^ 40000) + bytes(0xff ^ b for b in (198, 18, 0, 1))


def teredo(frame, forward):
    """RFC 4380 5.1.1: the client authenticates, the server tells where the client is seen."""
    ports = dict(sport=40000, dport=3544) if forward else dict(sport=3544, dport=40000)
    return outer4(forward) / UDP(**ports) / ((AUTHENTICATION if forward else ORIGIN) + ip_of(frame))


path = os.path.join(case.folder, "input.pcap")
write_frames(path, wrap_frames(frames_of(path), teredo))
case.write("Teredo", "IPv6 in UDP is opened behind authentication and origin indication.",
           "curl -> nginx, IPv6 with a Teredo address, put into Teredo by scapy", tunnel=["teredo"])
