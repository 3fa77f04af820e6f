#!/usr/bin/python3
"""Makes fragments.pcap, and payloads.tsv: what the datagrams in it hold.

    apt-get install python3-scapy tshark && ./make.py

Scapy builds packets and cuts them into fragments; this script shuffles, repeats and wraps them. tshark puts them together:
each row of payloads.tsv is one packet as tshark reads it (addresses, protocol, ports, length and 64-bit FNV-1a hash of its
transport payload). What scapy sent must be the same set, or the script ends with an error.
"""
import collections
import os
import random
import subprocess
import sys

from scapy.all import (Ether, GRE, IP, TCP, UDP, Dot1Q, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
                       PadN, Raw, fragment, fragment6, raw, wrpcap)
from scapy.layers.vxlan import VXLAN

os.chdir(os.path.dirname(os.path.abspath(__file__)))
random.seed(4)
ETH = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
A4, B4, A6, B6 = "192.0.2.1", "198.51.100.7", "2001:db8::1", "2001:db8::2"
frames, sent = [], collections.Counter()


def text(n):
    return bytes(random.randrange(256) for _ in range(n))


def digest(data):
    h = 0xcbf29ce484222325
    for byte in data:
        h = (h ^ byte) * 0x100000001b3 % 2**64
    return f"{len(data)} {h:016x}"


def say(src, dst, protocol, sport, dport, payload):
    sent[(src, dst, str(protocol), str(sport), str(dport), digest(payload))] += 1


def cut4(packet, size):
    return [ETH / f for f in fragment(IP(raw(packet)), fragsize=size)]


def cut6(packet, size):
    return [ETH / f for f in fragment6(IPv6(raw(packet)), size)]


def add(pieces, order="as is", repeats=False):
    pieces = list(pieces)
    if order == "reversed":
        pieces.reverse()
    elif order == "shuffled":
        random.shuffle(pieces)
    for p in pieces[:-1] if repeats else []:
        frames.append(raw(p))
    frames.extend(raw(p) for p in pieces)


for n, (order, repeats) in enumerate([("as is", False), ("reversed", False), ("shuffled", False), ("shuffled", True)]):
    # IPv4: UDP, and a TCP segment
    data = text(3000 + n)
    say(A4, B4, 17, 5000 + n, 514, data)
    add(cut4(IP(src=A4, dst=B4, id=100 + n) / UDP(sport=5000 + n, dport=514) / Raw(data), 1480), order, repeats)
    data = text(1500 + n)
    say(A4, B4, 6, 6000 + n, 80, data)
    add(cut4(IP(src=A4, dst=B4, id=200 + n) / TCP(sport=6000 + n, dport=80, seq=1, flags="PA") / Raw(data), 8 * (n + 3)),
        order, repeats)
    # IPv6: with headers before and after the fragment header
    data = text(4000 + n)
    say(A6, B6, 17, 7000 + n, 514, data)
    add(cut6(IPv6(src=A6, dst=B6) / IPv6ExtHdrFragment(id=300 + n) / UDP(sport=7000 + n, dport=514) / Raw(data), 1280),
        order, repeats)
    data = text(2000 + n)
    say(A6, B6, 6, 8000 + n, 80, data)
    add(cut6(IPv6(src=A6, dst=B6) / IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)]) / IPv6ExtHdrFragment(id=400 + n) /
             IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 4)]) / TCP(sport=8000 + n, dport=80, seq=1, flags="PA") /
             Raw(data), 600), order, repeats)

# The same identification in two protocols, interleaved; and in IPv6.
a, b, c = text(900), text(901), text(902)
say(A4, B4, 17, 9001, 514, a)
say(A4, B4, 6, 9002, 80, b)
say(A6, B6, 17, 9003, 514, c)
three = (cut4(IP(src=A4, dst=B4, id=500) / UDP(sport=9001, dport=514) / Raw(a), 480),
         cut4(IP(src=A4, dst=B4, id=500) / TCP(sport=9002, dport=80, seq=1, flags="PA") / Raw(b), 480),
         cut6(IPv6(src=A6, dst=B6) / IPv6ExtHdrFragment(id=500) / UDP(sport=9003, dport=514) / Raw(c), 600))
for pieces in zip(*three):
    add(pieces)

# An atomic fragment is whole (RFC 6946); one in the middle of a datagram's fragments is no piece of it.
atomic, data = text(60), text(1500)
say(A6, B6, 17, 9004, 514, atomic)
say(A6, B6, 17, 9005, 514, data)
pieces = cut6(IPv6(src=A6, dst=B6) / IPv6ExtHdrFragment(id=501) / UDP(sport=9005, dport=514) / Raw(data), 900)
pieces.insert(1, ETH / IPv6(src=A6, dst=B6) / IPv6ExtHdrFragment(id=501, offset=0, m=0) / UDP(sport=9004, dport=514) /
              Raw(atomic))
add(pieces)

# Around and inside of tunnels: VLAN; a VXLAN datagram that was cut; fragments inside GRE; both.
data = text(1700)
say(A4, B4, 17, 9006, 514, data)
add([Ether(src=p.src, dst=p.dst) / Dot1Q(vlan=7) / p[IP] for p in
     cut4(IP(src=A4, dst=B4, id=502) / UDP(sport=9006, dport=514) / Raw(data), 800)], "reversed")
data = text(1400)
say("192.0.2.10", "192.0.2.20", 6, 9007, 80, data)
inner = Ether() / IP(src="192.0.2.10", dst="192.0.2.20") / TCP(sport=9007, dport=80, seq=1, flags="PA") / Raw(data)
add(cut4(IP(src=A4, dst=B4, id=503) / UDP(sport=49152, dport=4789, chksum=0) / VXLAN(vni=5) / Raw(raw(inner)), 1000),
    "reversed")
data = text(1300)
say("192.0.2.11", "192.0.2.21", 17, 9008, 514, data)
add([ETH / IP(src=A4, dst=B4, id=600 + i) / GRE() / f for i, f in enumerate(
    fragment(IP(raw(IP(src="192.0.2.11", dst="192.0.2.21", id=504) / UDP(sport=9008, dport=514) / Raw(data))), 600))],
    "reversed")
data = text(2500)
say("192.0.2.12", "192.0.2.22", 17, 9009, 514, data)
add([p for i, f in enumerate(fragment(IP(raw(
    IP(src="192.0.2.12", dst="192.0.2.22", id=505) / UDP(sport=9009, dport=514) / Raw(data))), 1400))
     for p in cut4(IP(src=A4, dst=B4, id=700 + i) / GRE() / f, 800)], "reversed")
# The longest datagram.
data = text(65507)
say(A4, B4, 17, 9010, 514, data)
add(cut4(IP(src=A4, dst=B4, id=506) / UDP(sport=9010, dport=514, chksum=0) / Raw(data), 8000), "shuffled")

packets = [Ether(f) for f in frames]
for n, packet in enumerate(packets):
    packet.time = 1700000000 + n / 1000
wrpcap("fragments.pcap", packets)
fields = ["ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "udp.srcport", "udp.dstport", "tcp.srcport", "tcp.dstport",
          "udp.payload", "tcp.payload"]
out = subprocess.run(
    ["tshark", "-r", "fragments.pcap", "-o", "ip.defragment:TRUE", "-o", "ipv6.defragment:TRUE", "-o",
     "tcp.desegment_tcp_streams:FALSE", "-T", "fields"] +
    [x for f in fields for x in ("-e", f)] + ["-E", "separator=|", "-E", "occurrence=l", "-Y", "tcp or udp"],
    stdout=subprocess.PIPE, check=True, text=True).stdout
read = collections.Counter()
for row in out.splitlines():
    src4, dst4, src6, dst6, usport, udport, tsport, tdport, upayload, tpayload = row.split("|")
    protocol = 17 if usport and not tsport else 6
    payload = bytes.fromhex((upayload if protocol == 17 else tpayload).replace(":", ""))
    sport, dport = (usport, udport) if protocol == 17 else (tsport, tdport)
    read[(src4 or src6, dst4 or dst6, str(protocol), sport, dport, digest(payload))] += 1
if set(read) != set(sent):
    for what, rows in (("tshark only", set(read) - set(sent)), ("sent only", set(sent) - set(read))):
        for row in sorted(rows):
            print(what, *row, file=sys.stderr)
    sys.exit(1)
with open("payloads.tsv", "w", encoding="ascii") as f:
    f.write("# src dst protocol sport dport length fnv1a(transport payload)\n")
    for row in sorted(read):
        f.write(" ".join(row) + "\n")
