#!/usr/bin/python3
"""Makes tunnels.pcap and frames.tsv (and seeds of tests/fuzz/packet_fuzz.cc): packets inside tunnels and tags, and what is innermost in them.

    apt-get install python3-scapy tshark && ./make.py

Scapy builds the packets (struct.pack builds the headers that it does not know), tshark reads them back: the
addresses, ports, lengths, TTL, VLAN ids and MAC addresses of frames.tsv are its reading of the innermost packet. Where tshark
needs to be told what two routers agreed upon (L2TPv3 cookies), or does not know a header, `sent` says what was sent. The
path is what this script meant; `ids` names tshark's field for each id in it, which must agree.
"""
import os
import struct
import subprocess
import sys

from scapy.all import (ARP, Dot1AD, Dot1Q, Ether, GRE, ICMP, IP, TCP, UDP, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment,
                       GRE_PPTP, PPPoE, PPP, Raw, load_contrib, raw)
from scapy.layers.l2 import GRErouting
from scapy.layers.l2tp import L2TP
from scapy.layers.vxlan import VXLAN
from scapy.contrib.erspan import ERSPAN_II, ERSPAN_III, ERSPAN_PlatformSpecific
from scapy.contrib.geneve import GENEVE, GeneveOptions
from scapy.contrib.gtp import GTP_U_Header, GTPPDUSessionContainer
from scapy.contrib.mpls import MPLS
from scapy.contrib.nsh import NSH

os.chdir(os.path.dirname(os.path.abspath(__file__)))

# The tunnel's ends; the packet's ends; MAC addresses around and inside.
OUT4, OUT6 = dict(src="198.18.0.1", dst="198.18.0.2"), dict(src="2001:db8:ff::1", dst="2001:db8:ff::2")
IN4, IN6 = dict(src="192.0.2.1", dst="192.0.2.77"), dict(src="2001:db8::1", dst="2001:db8::77")
ETH = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
O4, O6 = ETH / IP(**OUT4, ttl=64, id=9), ETH / IPv6(**OUT6, hlim=64)
INNER = Ether(src="00:00:5e:00:53:0a", dst="00:00:5e:00:53:0b")  # a known OUI: tshark tells a control word by it
P4, P6 = IP(**IN4, ttl=61, id=7), IPv6(**IN6, hlim=57)
TEREDO = IPv6(src="2001:0:c612:1::f00", dst="2001:db8::77", hlim=21)


def tcp(n):
    return TCP(sport=40000, dport=80, seq=0xfffffff0, ack=0x01020304, flags="PA", window=4321) / Raw(
        bytes((7 * i + n) % 251 for i in range(n)))


def udp(n):
    return UDP(sport=5353, dport=53) / Raw(bytes((5 * i + n) % 251 for i in range(n)))


def vxlan(vni=5001, port=4789, **kw):
    return UDP(sport=49152, dport=port, chksum=0) / VXLAN(vni=vni, **kw)


def bytes_(packet):
    return Raw(raw(packet))


def gpe(next_protocol, vni, inner):
    """scapy's VXLAN knows next protocols, but not all of them."""
    return UDP(sport=49152, dport=4790, chksum=0) / Raw(struct.pack(">BBBBI", 0x0c, 0, 0, next_protocol, vni << 8) + raw(inner))


FRAMES = []


def add(path, packet, kind=None, ids=None, sent=None, mac=None):
    """path: "vxlan:5001,vlan:7". mac: "inner", "outer" or None: whose MAC addresses the packet's ends have."""
    data = raw(packet)
    FRAMES.append((path, data, kind, ids or {}, sent, mac))


def tags():
    for n in (4, 5):
        packet = ETH
        for vlan in range(1, n + 1):
            packet = packet / Dot1Q(vlan=vlan)
        add(",".join(f"vlan:{v}" for v in range(1, n + 1)), packet / P4 / tcp(n), mac="outer")
    add("vlan:100,mpls:17", ETH / Dot1Q(vlan=100) / MPLS(label=16, s=0) / MPLS(label=17, s=1) / P4 / tcp(10),
        ids={"mpls.label": "16,17"}, mac="outer")
    add("mpls:99999", ETH / MPLS(label=99999, s=1) / P6 / udp(11), ids={"mpls.label": "99999"}, mac="outer")
    add("mpls", ETH / MPLS(label=0, s=1) / P4 / udp(1), mac="outer")       # explicit null
    add("mpls", ETH / MPLS(label=2, s=1) / P6 / udp(2), mac="outer")
    # An entropy label under its indicator names no service.
    add("mpls:600", ETH / MPLS(label=600, s=0) / MPLS(label=7, s=0) / MPLS(label=123456, s=1) / P4 / tcp(12),
        ids={"mpls.label": "600,7,123456"}, mac="outer")
    # Pseudowires: with and without control word; inner MAC addresses that begin like IPv4 and IPv6; a tag inside.
    add("mpls:300", ETH / MPLS(label=300, s=1) / Raw(bytes(2) + b"\0\x07") / bytes_(INNER / P4 / tcp(13)), mac="inner")
    add("mpls:301", ETH / MPLS(label=301, s=1) / bytes_(INNER / P6 / tcp(14)), mac="inner", sent=14)
    add("mpls:302,vlan:44", ETH / MPLS(label=302, s=1) / Raw(bytes(4)) / bytes_(INNER / Dot1Q(vlan=44) / P4 / udp(15)), mac="inner")
    for first in ("46:00:00:00:00:0b", "66:00:00:00:00:0b", "06:00:00:00:00:0b"):
        add("mpls:303", ETH / MPLS(label=303, s=1) / bytes_(Ether(src=INNER.src, dst=first) / P4 / tcp(16)), mac=first, sent=16)
    add("-", ETH / MPLS(label=13, s=1) / Raw(b"\x10\0\x80\x27" + bytes(30)), kind="other_link")    # associated channel
    add("-", ETH / MPLS(label=500, s=1) / Raw(b"\x10\0\0\x21" + bytes(30)), kind="other_link")
    # PPPoE: protocol field of two bytes and of one, padding behind, link control, discovery.
    add("pppoe:4660", ETH / PPPoE(sessionid=0x1234) / PPP(proto=0x21) / P4 / tcp(17), ids={"pppoe.session_id": "0x1234"}, mac="outer")
    add("pppoe:1", raw(ETH / PPPoE(sessionid=1) / PPP(proto=0x57) / P6 / udp(3)) + bytes(7), ids={"pppoe.session_id": "0x0001"}, mac="outer")
    add("pppoe:2", ETH / PPPoE(sessionid=2, len=1 + len(P4 / udp(18))) / Raw(b"\x21" + raw(P4 / udp(18))), mac="outer")
    add("-", ETH / PPPoE(sessionid=3) / Raw(b"\xc0\x21\x09\x01\0\x08\0\0\0\0"), kind="other_link")
    add("-", Ether(src=ETH.src, dst=ETH.dst, type=0x8863) / Raw(b"\x11\x09\0\0\0\x04\x01\x01\0\0"), kind="other_link")
    add("vlan:7,pppoe:9", ETH / Dot1Q(vlan=7) / PPPoE(sessionid=9) / PPP(proto=0x21) / P4 / udp(19), mac="outer")
    # VN-tag, E-tag, 802.1ah, FabricPath, NSH.
    add("vntag:291", Ether(src=ETH.src, dst=ETH.dst, type=0x8926) / Raw(struct.pack(">HHH", 0x8000 | 0x123, 0x0456, 0x0800)) / P4 / tcp(20),
        mac="outer", ids={"vntag.dst": "291"})
    add("vntag:1,vlan:8", Ether(src=ETH.src, dst=ETH.dst, type=0x8926) / Raw(struct.pack(">HHHHH", 1, 2, 0x8100, 8, 0x86dd)) / P6 / tcp(21),
        mac="outer")
    add("etag:4097", Ether(src=ETH.src, dst=ETH.dst, type=0x893f) / Raw(struct.pack(">HHHH", 0x2003, 0x1001, 0, 0x0800)) / P4 / tcp(22),
        mac="outer", ids={"etag.ecid_base": "0x0001", "etag.group": "1"})
    add("pbb:70000", Ether(src=ETH.src, dst=ETH.dst, type=0x88e7) / Raw(struct.pack(">I", 70000)) / bytes_(INNER / P4 / tcp(23)), mac="inner",
        ids={"ieee8021ah.isid": "70000"})
    add("vlan:90,pbb:5,vlan:6", Ether(src=ETH.src, dst=ETH.dst) / Dot1AD(vlan=90, type=0x88e7) / Raw(struct.pack(">I", 5)) /
        bytes_(INNER / Dot1Q(vlan=6) / P6 / udp(24)), mac="inner")
    add("fabricpath:77", Ether(src=ETH.src, dst=ETH.dst, type=0x8903) / Raw(struct.pack(">H", 77 << 6 | 31)) / bytes_(INNER / P4 / tcp(25)) / Raw(b"FCS!"),
        mac="inner", ids={"cfp.ftag": "77"})
    add("nsh:66051", ETH / NSH(spi=66051, si=4, nextproto=1, mdtype=1, context_header=bytes(16)) / P4 / tcp(26), mac="outer",
        ids={"nsh.spi": "66051"})
    add("nsh:7", ETH / NSH(spi=7, nextproto=3, mdtype=1, context_header=bytes(16)) / bytes_(INNER / P6 / udp(27)), mac="inner")
    # Metadata of type 2, and none of it: eight bytes in all.
    add("nsh:8", Ether(src=ETH.src, dst=ETH.dst, type=0x894f) / Raw(b"\x0f\xc2\x02\x02\0\0\x08\xff") / bytes_(P6 / udp(28)), mac="outer")


    # Cisco: a time tag (ACI), a security group tag of one word and of two, a VLAN tag on either side.
    cisco = lambda kind, tag, inside, rest: Ether(src=ETH.src, dst=ETH.dst, type=kind) / Raw(tag + struct.pack(">H", inside) + raw(rest))
    add("-", cisco(0x8988, b"\x65\x53\xf1\0\0\7", 0x0800, P4 / tcp(121)), mac="outer")
    add("-", cisco(0x8909, b"\1\1\0\1\0\x2a", 0x86dd, P6 / udp(122)), mac="outer", ids={"cmd.sgt": "42"})
    add("vlan:12", ETH / Dot1Q(vlan=12, type=0x8909) / Raw(b"\1\1\0\1\0\x2a\x08\0" + raw(P4 / udp(123))), mac="outer")
    add("vlan:13", cisco(0x8909, b"\1\1\0\1\0\x2a", 0x8100, Raw(b"\0\x0d\x08\0" + raw(P4 / tcp(124)))), mac="outer")


def ip():
    # RFC 8986: Ethernet behind a segment routing header, and behind the IPv6 header alone.
    routing = b"\x8f\2\4\0\0\0\0\0" + bytes.fromhex("20010db8" + "00" * 11 + "aa")
    add("ethernet", ETH / IPv6(**OUT6, nh=43) / Raw(routing + raw(INNER / P4 / tcp(125))), mac="inner")
    add("ethernet,vlan:14", ETH / IPv6(**OUT6, nh=143) / Raw(raw(INNER / Dot1Q(vlan=14) / P6 / udp(126))), mac="inner")
    add("4in4", O4 / P4 / tcp(30))
    add("6in4", O4 / P6 / tcp(31))
    add("4in6", O6 / P4 / udp(32))
    add("6in6", O6 / P6 / udp(33))
    add("4in6", O6 / IPv6ExtHdrDestOpt() / P4 / udp(34))
    add("6in4,4in6", O4 / P6 / IP(src="10.9.9.9", dst="10.8.8.8", ttl=3) / tcp(35))
    add("4in4", O4 / P4 / ICMP(), kind="icmp")
    add("4in4", O4 / IP(**IN4, flags="MF", id=3) / udp(24), kind="fragment")
    add("6in4", O4 / IPv6(**IN6) / IPv6ExtHdrFragment(offset=0, m=1, id=2) / tcp(16), kind="fragment")
    # GRE: each option alone, and all.
    add("gre", O4 / GRE() / P4 / tcp(36))
    add("gre", O6 / GRE() / P6 / tcp(37))
    add("gre", O4 / GRE(chksum_present=1) / P4 / tcp(38))
    add("gre:12", O4 / GRE(key_present=1, key=12) / P6 / udp(39), ids={"gre.key": "0x0000000c"})
    add("gre", O4 / GRE(seqnum_present=1, seqence_number=5) / P4 / udp(40))
    add("gre:4294967295", O4 / GRE(chksum_present=1, key_present=1, key=0xffffffff, seqnum_present=1, seqence_number=5) / P4 / udp(41))
    # Routing (RFC 1701): checksum and offset stand too; an IP source route entry, an autonomous system's, the end.
    sre = struct.pack(">HBB", 0x0800, 0, 8) + bytes([10, 0, 0, 1, 10, 0, 0, 2]) + struct.pack(">HBBI", 0xfffe, 0, 4, 7) + bytes(4)
    add("gre", O4 / Raw(struct.pack(">HHHH", 0x4000, 0x0800, 0, 0) + sre) / bytes_(P4 / tcp(42)))
    O4G = ETH / IP(**OUT4, proto=47)
    FRAMES.pop()
    add("gre", O4G / Raw(struct.pack(">HHHH", 0x4000, 0x0800, 0, 0) + sre + raw(P4 / tcp(42))))
    add("gre:6", O4G / Raw(struct.pack(">HHHHII", 0xf000, 0x0800, 0, 0, 6, 7) + sre + raw(P4 / udp(43))))
    add("gre", O4 / GRE(proto=0x6558) / bytes_(INNER / P4 / tcp(44)), mac="inner")
    add("gre:1280,vlan:9", O4 / GRE(proto=0x6558, key_present=1, key=5 << 8) / bytes_(INNER / Dot1Q(vlan=9) / P6 / tcp(45)), mac="inner")
    add("gre,mpls:40", O4 / GRE(proto=0x8847) / MPLS(label=40, s=1) / P4 / tcp(46))
    add("gre,nsh:3", O4 / GRE(proto=0x894f) / NSH(spi=3, nextproto=1, mdtype=1, context_header=bytes(16)) / P4 / tcp(46))
    add("gre", O4G / Raw(struct.pack(">HH", 0, 0x883e) + raw(P4 / tcp(47))))                          # WCCP 1
    add("gre", O4G / Raw(struct.pack(">HHI", 0, 0x883e, 0x00010203) + raw(P4 / tcp(48))))             # WCCP 2
    add("-", O4G / Raw(struct.pack(">HH", 0, 0)), kind="other_ip")                                    # keepalive
    add("-", O4G / Raw(struct.pack(">HH", 5, 0x0800) + raw(P4)), kind="other_ip")                     # version 5
    # PPTP: with and without acknowledgement; acknowledgement alone.
    ppp4 = b"\xff\x03\0\x21" + raw(P4 / tcp(49))
    add("pptp:77", O4G / Raw(struct.pack(">HHHHI", 0x3001, 0x880b, len(ppp4), 77, 1) + ppp4), ids={"gre.key.call_id": "77"})
    ppp6 = b"\x57" + raw(P6 / udp(50))
    add("pptp:78", O4G / Raw(struct.pack(">HHHHII", 0x3081, 0x880b, len(ppp6), 78, 2, 1) + ppp6), ids={"gre.key.call_id": "78"})
    add("-", O4G / Raw(struct.pack(">HHHHI", 0x2081, 0x880b, 0, 77, 1)), kind="other_ip")
    # ERSPAN
    add("erspan", O4 / GRE(proto=0x88be) / bytes_(INNER / P4 / tcp(51)), mac="inner", sent=51)
    add("erspan:321", O4 / GRE(proto=0x88be, seqnum_present=1) / ERSPAN_II(ver=1, session_id=321) / bytes_(INNER / P4 / tcp(52)), mac="inner",
        ids={"erspan.spanid": "321"})
    add("erspan:5,vlan:2000", O4 / GRE(proto=0x88be, seqnum_present=1) / ERSPAN_II(ver=1, session_id=5, vlan=2000, en=2) /
        bytes_(INNER / P6 / tcp(53)), mac="inner", ids={"erspan.vlan": "2000"})
    add("erspan:6,vlan:33", O4 / GRE(proto=0x88be, seqnum_present=1) / ERSPAN_II(ver=1, session_id=6, vlan=33, en=3) /
        bytes_(INNER / Dot1Q(vlan=33) / P4 / udp(54)), mac="inner")
    add("erspan:1023", O4 / GRE(proto=0x22eb, seqnum_present=1) / ERSPAN_III(session_id=1023, timestamp=7) / bytes_(INNER / P4 / udp(55)),
        mac="inner", ids={"erspan.spanid": "1023"})
    add("erspan:7", O6 / GRE(proto=0x22eb, seqnum_present=1) / ERSPAN_III(session_id=7, o=1) / ERSPAN_PlatformSpecific() /
        bytes_(INNER / P6 / tcp(56)), mac="inner")
    add("etherip", ETH / IP(**OUT4, proto=97) / Raw(b"\x30\0" + raw(INNER / P4 / tcp(57))), mac="inner")
    add("mpls:41", ETH / IP(**OUT4, proto=137) / bytes_(MPLS(label=41, s=1) / P4 / tcp(58)))
    # L2TPv3: cookie of 0, 4, 8 bytes, sublayer of 0 or 4.
    for skipped in (0, 4, 8, 12):
        add(f"l2tpv3:{100 + skipped}", ETH / IP(**OUT4, proto=115) / Raw(struct.pack(">I", 100 + skipped) + bytes(range(65, 65 + skipped)) +
                                                                       raw(INNER / P4 / tcp(59))), mac="inner", sent=59)
    add("l2tpv3:9", ETH / IP(**OUT4, proto=115) / Raw(struct.pack(">I", 9) + b"\xff\x03\0\x57" + raw(P6 / udp(60))), sent=60)
    add("-", ETH / IP(**OUT4, proto=115) / Raw(bytes(4) + b"\xc8\x03\0\x14" + bytes(12)), kind="other_ip")   # control


def over_udp():
    add("vxlan:5001", O4 / vxlan() / INNER / P4 / tcp(70), ids={"vxlan.vni": "5001"}, mac="inner")
    add("vxlan:16777215", O6 / vxlan(0xffffff) / INNER / P6 / udp(71), ids={"vxlan.vni": "16777215"}, mac="inner")
    add("vxlan:1", O4 / vxlan(1, port=8472) / INNER / P4 / tcp(72), mac="inner", sent=72)
    add("vxlan:2,vlan:100,vlan:200", O4 / vxlan(2) / INNER / Dot1Q(vlan=100) / Dot1Q(vlan=200) / P4 / tcp(73), mac="inner")
    add("vlan:300,vxlan:3,vlan:4", ETH / Dot1Q(vlan=300) / IP(**OUT4) / vxlan(3) / INNER / Dot1Q(vlan=4) / P6 / tcp(74), mac="inner")
    add("vxlan:4", O4 / vxlan(4, flags=0x88, gpid=99) / INNER / P4 / udp(75), mac="inner")                 # group policy
    add("vxlan:5", O4 / vxlan(5) / raw(INNER / P4 / udp(1)) / Raw(bytes(17)), mac="inner")                # padded frame
    add("vxlan:6", O4 / vxlan(6) / INNER / ARP(psrc="10.0.0.1", pdst="10.0.0.2"), kind="arp")
    add("vxlan:7", O4 / gpe(1, 7, P4 / tcp(76)), ids={"vxlan.vni": "7"})
    add("vxlan:8", O4 / gpe(2, 8, P6 / tcp(77)))
    add("vxlan:9", O4 / gpe(3, 9, INNER / P6 / tcp(78)), mac="inner")
    add("vxlan:10,nsh:12", O4 / gpe(4, 10, NSH(spi=12, nextproto=1, mdtype=1, context_header=bytes(16)) / P4 / tcp(79)))
    add("vxlan:11,mpls:18", O4 / gpe(5, 11, MPLS(label=18, s=1) / P4 / tcp(80)), sent=80)
    add("geneve:70", O4 / UDP(sport=50000, dport=6081) / GENEVE(vni=70, proto=0x6558) / INNER / P4 / tcp(81), ids={"geneve.vni": "0x000046"},
        mac="inner")
    options = [GeneveOptions(classid=0x0102, type=0x80, data=b"\0\0\0\1"), GeneveOptions(classid=0x0103, type=1, data=bytes(124)),
               GeneveOptions(classid=0xffff, type=2, data=b"")]
    add("geneve:71", O6 / UDP(sport=50000, dport=6081) / GENEVE(vni=71, critical=1, proto=0x6558, options=options) / INNER / P6 / udp(82), mac="inner")
    add("geneve:72", O4 / UDP(sport=50000, dport=6081) / GENEVE(vni=72, proto=0x0800) / P4 / tcp(83))
    add("geneve:73", O4 / UDP(sport=50000, dport=6081) / GENEVE(vni=73, proto=0x86dd, options=options[:1]) / P6 / tcp(84))
    gtp = UDP(sport=2152, dport=2152)
    add("gtp:305419896", O4 / gtp / GTP_U_Header(teid=0x12345678, gtp_type=255) / P4 / tcp(85), ids={"gtp.teid": "0x12345678"})
    add("gtp:2", O4 / gtp / GTP_U_Header(teid=2, gtp_type=255, S=1, seq=9) / P6 / tcp(86))
    add("gtp:3", O4 / gtp / GTP_U_Header(teid=3, gtp_type=255, PN=1, npdu=9) / P4 / udp(87))
    add("gtp:4", O6 / gtp / GTP_U_Header(teid=4, gtp_type=255, E=1, next_ex=0x85) /
        GTPPDUSessionContainer(type=0, QFI=5) / P4 / udp(88))
    # Three extension headers, by hand: PDCP PDU number, UDP port, PDU session container.
    extensions = b"\x01\0\x05\x40" + b"\x01\x10\x20\x85" + b"\x02\0\x05" + bytes(4) + b"\0"
    body = struct.pack(">HBB", 1, 2, 0xc0) + extensions + raw(P6 / udp(89))
    add("gtp:5", O4 / gtp / Raw(struct.pack(">BBHI", 0x37, 255, len(body), 5) + body))
    body = raw(INNER / P4 / tcp(90))
    add("gtp:6", O4 / gtp / Raw(struct.pack(">BBHI", 0x30, 255, len(body), 6) + body), mac="inner", sent=90)
    add("gtp:7,6in4", O4 / gtp / GTP_U_Header(teid=7, gtp_type=255) / IP(src="10.0.0.1", dst="10.0.0.2") / P6 / tcp(91))
    teredo = UDP(sport=51000, dport=3544)
    auth = struct.pack(">HBB", 1, 3, 5) + b"abc" + b"12345" + bytes(8) + b"\0"
    origin = struct.pack(">HH", 0, 0xffff ^ 1234) + bytes([0xff ^ b for b in (198, 18, 0, 9)])
    for extra in (b"", origin, auth, auth + origin):
        add("teredo", O4 / teredo / Raw(extra + raw(TEREDO / tcp(92))))
    add("teredo", O4 / UDP(sport=3544, dport=51000) / Raw(raw(TEREDO / udp(93))))
    l2tp = lambda flags, head, n: UDP(sport=1701, dport=1701) / Raw(struct.pack(">H", flags | 2) + head + b"\xff\x03\0\x21" + raw(P4 / tcp(n)))
    size = lambda head, n: 2 + len(head) + 4 + len(P4 / tcp(n))
    ids = struct.pack(">HH", 3, 4)
    add("l2tp:3.4", O4 / l2tp(0, ids, 94), ids={"l2tp.tunnel": "3", "l2tp.session": "4"})
    add("l2tp:3.4", O4 / UDP(sport=1701, dport=1701) / L2TP(hdr=["length"], tunnel_id=3, session_id=4) / PPP(proto=0x21) / P4 / udp(95))
    add("l2tp:3.4", O4 / l2tp(0x0800, ids + bytes(4), 96))
    add("l2tp:3.4", O4 / l2tp(0x0200, ids + b"\0\x03abc", 97))
    head = struct.pack(">H", 2 + 2 + 4 + 4 + 2 + 1 + 4 + len(P4 / tcp(98))) + ids + bytes(4) + b"\0\x01x"
    add("l2tp:3.4", O4 / l2tp(0x4b00, head, 98))
    add("l2tp:3.4", O6 / UDP(sport=1701, dport=1701) / Raw(struct.pack(">HHH", 2, 3, 4) + b"\x57" + raw(P6 / udp(99))))
    add("l2tpv3:88", O4 / UDP(sport=1701, dport=1701) / Raw(struct.pack(">HHI", 3, 0, 88) + b"cook" + raw(INNER / P4 / tcp(100))), mac="inner", sent=100)
    add("mpls:19", O4 / UDP(sport=50001, dport=6635) / bytes_(MPLS(label=19, s=1) / P4 / tcp(101)))


def nested():
    add("vxlan:5,gre:6,4in4", O4 / vxlan(5) / INNER / IP(src="10.1.1.1", dst="10.2.2.2") / GRE(key_present=1, key=6) /
        IP(src="10.3.3.3", dst="10.4.4.4") / P4 / tcp(110))
    add("vlan:10,mpls:20,gtp:30,4in6", ETH / Dot1Q(vlan=10) / MPLS(label=20, s=1) / IP(**OUT4) / UDP(sport=2152, dport=2152) /
        GTP_U_Header(teid=30, gtp_type=255) / IPv6(src="2001:db8:5::1", dst="2001:db8:5::2") / P4 / udp(111))
    packet = O4
    for n in range(8):
        packet = packet / IP(src=f"10.0.0.{n}", dst="10.0.1.1")
    add(",".join(["4in4"] * 8), packet / tcp(112))
    packet = O4
    for n in range(8):
        packet = packet / IP(src=f"10.0.0.{n}", dst="10.0.1.1")
    add(",".join(["4in4"] * 8), packet / P4 / tcp(113), kind="other_ip")     # one deeper than eight


def write_pcap(path):
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
        for i, frame in enumerate(FRAMES):
            out.write(struct.pack("<IIII", 1700000000 + i, 0, len(frame[1]), len(frame[1])) + frame[1])


def write_fuzz_seeds(folder):
    """Seeds of packet_fuzz: link type, bytes cut, the frame."""
    for i, frame in enumerate(FRAMES, 1):
        with open(os.path.join(folder, f"tunnel_{i:03}"), "wb") as out:
            out.write(struct.pack("<HH", 1, 0) + frame[1])


FIELDS = ["frame.protocols", "ip.src", "ip.dst", "ip.ttl", "ipv6.src", "ipv6.dst", "ipv6.hlim", "tcp.srcport", "tcp.dstport", "tcp.len",
          "udp.srcport", "udp.dstport", "udp.length", "vlan.id", "ieee8021ad.id", "eth.src", "eth.dst", "ieee8021ah.csrc", "ieee8021ah.cdst"]


def tshark(path, fields):
    command = ["tshark", "-n", "-r", path, "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE",
               "--enable-heuristic", "fp_eth",
               "--disable-protocol", "http", "--disable-protocol", "dns", "--disable-protocol", "mdns", "-T", "fields",
               "-E", "occurrence=a", "-E", "aggregator=,"]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [dict(zip(fields, line.split("\t"))) for line in done.stdout.splitlines()]


def last(text):
    return text.split(",")[-1]


def main():
    tags()
    ip()
    over_udp()
    nested()
    write_pcap("tunnels.pcap")
    write_fuzz_seeds("../../fuzz/corpus/packet")
    more = sorted({name for frame in FRAMES for name in frame[3]})
    rows = tshark("tunnels.pcap", FIELDS + more)
    assert len(rows) == len(FRAMES)
    faults = 0
    with open("frames.tsv", "w") as out:
        out.write("# kind src dst sport dport payload_wire ttl vlans eth_src eth_dst path (from make.py and tshark)\n")
        for number, ((path, data, kind, ids, sent, mac), row) in enumerate(zip(FRAMES, rows), 1):
            for field, value in ids.items():
                if row[field] != value:
                    print(f"frame {number} ({path}): {field} is {row[field]!r}, meant {value!r}", file=sys.stderr)
                    faults += 1
            if kind:
                out.write("\t".join([kind] + ["-"] * 9 + [path]) + "\n")
                continue
            stack = row["frame.protocols"].split(":")
            network = [p for p in stack if p in ("ip", "ipv6")]
            transport = [p for p in stack if p in ("tcp", "udp")]
            vlans = ",".join(part.split(":")[1] for part in path.split(",") if part.startswith("vlan:"))
            if sent is not None:
                # Looked for in the bytes that were sent: the inner packet begins at its addresses.
                inner = {b"\xc0\x00\x02\x01\xc0\x00\x02\x4d": "ip", bytes.fromhex("20010db8" + "00" * 11 + "01"): "ipv6"}
                family = [f for sign, f in inner.items() if sign in data][0]
                is_tcp = b"\x9c\x40\x00\x50\xff\xff\xff\xf0" in data
                values = ["tcp" if is_tcp else "udp", *(IN4.values() if family == "ip" else IN6.values()),
                          *(("40000", "80") if is_tcp else ("5353", "53")), str(sent), "61" if family == "ip" else "57"]
            else:
                if not network or not transport:
                    print(f"frame {number} ({path}): tshark sees {row['frame.protocols']}", file=sys.stderr)
                    faults += 1
                    continue
                n, t = network[-1], transport[-1]
                length = last(row["tcp.len"]) if t == "tcp" else str(int(last(row["udp.length"])) - 8)
                values = [t, last(row[n + ".src"]), last(row[n + ".dst"]), last(row[t + ".srcport"]), last(row[t + ".dstport"]), length,
                          last(row["ip.ttl" if n == "ip" else "ipv6.hlim"])]
                seen = ",".join(v for v in (row["ieee8021ad.id"], row["vlan.id"]) if v)
                if seen != vlans and "erspan" not in path:
                    print(f"frame {number} ({path}): tshark's VLANs are {seen!r}", file=sys.stderr)
                    faults += 1
            if mac is None:
                macs = ["-", "-"]
            elif mac == "outer":
                macs = [ETH.src, ETH.dst]
            else:
                macs = [INNER.src, INNER.dst if mac == "inner" else mac]
            told = [last(row["ieee8021ah.csrc"] or row["eth.src"]), last(row["ieee8021ah.cdst"] or row["eth.dst"])]
            if mac and sent is None and told != macs:
                print(f"frame {number} ({path}): tshark's MAC addresses are {row['eth.src']} {row['eth.dst']}", file=sys.stderr)
                faults += 1
            out.write("\t".join(values + [vlans or "-"] + macs + [path]) + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
