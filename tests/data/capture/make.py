#!/usr/bin/python3
"""Makes the captures of this folder and, by tshark, what is in them.

    apt-get install python3-scapy tshark && ./make.py

Scapy builds the packets, editcap and struct.pack write them in each file format, tshark reads every file
back: frames.tsv holds its reading of links (decoder tests), files.tsv its reading of formats (capture file
tests). The first column of frames.tsv is the kind of packet that this script meant; tshark has no such word.
"""
import json
import os
import struct
import subprocess
import sys

from scapy.all import (ARP, Dot1AD, Dot1Q, Dot3, Ether, ICMP, IP, IPOption, LLC, SNAP, TCP, UDP, ICMPv6EchoRequest,
                       IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting,
                       Jumbo, PadN, Raw, CookedLinux, raw)
from scapy.layers.ipsec import AH

here = os.path.dirname(os.path.abspath(__file__))
os.chdir(here)

A4, B4, A6, B6 = "192.0.2.1", "198.51.100.7", "2001:db8::1", "2001:db8:0:1::beef"
ETH = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
IP4 = IP(src=A4, dst=B4, ttl=61, id=7)
IP6 = IPv6(src=A6, dst=B6, hlim=57)


def tcp(n=10, **kw):
    args = dict(sport=40000, dport=80, seq=0xfffffff0, ack=0x01020304, flags="PA", window=4321)
    args.update(kw)
    return TCP(**args) / Raw(bytes((7 * i + n) % 251 for i in range(n)))


def udp(n=10, **kw):
    args = dict(sport=5353, dport=53)
    args.update(kw)
    return UDP(**args) / Raw(bytes((5 * i + n) % 251 for i in range(n)))


def patched(packet, at, value):
    data = bytearray(raw(packet))
    data[at:at + len(value)] = value
    return bytes(data)


def ethernet_frames():
    """(kind, frame bytes, length on the wire or None[, payload bytes where tshark does not read so far])"""
    f = []

    def add(kind, packet, wire=None, sent=None):
        f.append((kind, raw(packet), wire, sent))

    add("tcp", ETH / IP4 / tcp(40))
    add("udp", ETH / IP4 / udp(33))
    add("tcp", ETH / IP6 / tcp(41))
    add("udp", ETH / IP6 / udp(34))
    add("tcp", raw(ETH / IP4 / tcp(0)) + bytes(6))                        # padded to 60
    add("udp", raw(ETH / IP4 / udp(3)) + bytes(15) + b"\xde\xad\xbe\xef")  # padding and a frame check sequence
    add("tcp", raw(ETH / IP6 / tcp(1, options=[("MSS", 1460), ("WScale", 7), ("Timestamp", (1, 2))])) + bytes(9))
    add("tcp", ETH / IP(src=A4, dst=B4, options=IPOption(b"\x07\x07\x04\0\0\0\0\0")) / tcp(12))
    add("tcp", ETH / IP4 / tcp(5, flags="S", options=[("MSS", 1460), ("SAckOK", b""), ("WScale", 9)]))
    add("tcp", ETH / IP4 / tcp(0, flags="FRU"))
    # VLAN tags
    add("tcp", ETH / Dot1Q(vlan=5, prio=3) / IP4 / tcp(9))
    add("udp", ETH / Dot1AD(vlan=4094) / Dot1Q(vlan=2) / IP6 / udp(9))
    add("udp", ETH / Dot1Q(vlan=1) / Dot1Q(vlan=2) / Dot1Q(vlan=3) / Dot1Q(vlan=4) / IP4 / udp(9))
    add("udp", ETH / Dot1Q(vlan=1) / Dot1Q(vlan=2) / Dot1Q(vlan=3) / Dot1Q(vlan=4) / Dot1Q(vlan=6) / IP4 / udp(9))
    add("tcp", patched(ETH / Dot1Q(vlan=77) / Dot1Q(vlan=78) / IP4 / tcp(4), 12, b"\x91\0"))
    add("arp", ETH / Dot1Q(vlan=5) / ARP(psrc=A4, pdst=B4))
    # IPv6 extension headers
    add("tcp", ETH / IP6 / IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)]) / tcp(11))
    add("tcp", ETH / IP6 / IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 12)]) / IPv6ExtHdrRouting(addresses=[B6], segleft=0) /
        IPv6ExtHdrDestOpt() / tcp(13))
    add("udp", ETH / IP6 / AH(nh=17, payloadlen=4, icv=b"\x11" * 12, spi=9, seq=1) / udp(14))
    add("udp", ETH / IP4 / AH(nh=17, payloadlen=4, icv=b"\x11" * 12, spi=9, seq=1) / udp(15))
    add("tcp", ETH / IP6 / IPv6ExtHdrFragment(offset=0, m=0, id=1) / tcp(16))   # atomic
    add("fragment", ETH / IP6 / IPv6ExtHdrFragment(offset=0, m=1, id=2) / tcp(16))
    add("fragment", ETH / IP6 / IPv6ExtHdrFragment(offset=3, m=0, id=2, nh=6) / Raw(b"rest"))
    # Mobility, HIP and shim6 headers have one form: next header, length in 8 octets after the first.
    for number in (135, 139, 140):
        inner = raw(tcp(6))
        add("tcp", ETH / IPv6(src=A6, dst=B6, nh=number) / Raw(bytes([6, 1]) + bytes(14) + inner), sent=6)
    add("other_ip", ETH / IPv6(src=A6, dst=B6, nh=59))
    add("icmp", ETH / IP6 / ICMPv6EchoRequest(data=b"ping"))
    add("icmp", ETH / IP4 / ICMP() / Raw(b"ping"))
    add("fragment", ETH / IP(src=A4, dst=B4, flags="MF", id=3) / udp(24))
    add("fragment", ETH / IP(src=A4, dst=B4, frag=3, id=3, proto=17) / Raw(b"rest"))
    add("other_ip", ETH / IP(src=A4, dst=B4, proto=89) / Raw(b"ospf............"))
    add("other_ip", ETH / IP(src=A4, dst=B4, proto=132) / Raw(b"sctp............"))
    add("esp", ETH / IPv6(src=A6, dst=B6, nh=50) / Raw(b"esp............."))
    add("arp", ETH / ARP(psrc=A4, pdst=B4))
    add("other_link", Dot3(src="02:00:00:00:00:01", dst="01:80:c2:00:00:00") / LLC() / Raw(bytes(35)))
    add("other_link", Dot3(src="02:00:00:00:00:01", dst="01:00:0c:cc:cc:cc") / LLC() / SNAP(OUI=0xc, code=0x2000) / Raw(bytes(20)))
    add("other_link", Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02", type=0x88cc) / Raw(bytes(46)))
    # Segmentation offload: the captured packet has no length yet.
    add("tcp", patched(ETH / IP4 / tcp(1200), 16, b"\0\0"))
    add("tcp", patched(ETH / IP6 / tcp(1201), 18, b"\0\0"), sent=1201)
    # Cut by the snap length: inside the payload, at its first byte, inside the options, inside the header.
    whole = raw(ETH / IP4 / tcp(500, options=[("MSS", 1460)]))
    for cut in (100, 58, 56, 54):
        add("tcp", whole[:cut], len(whole))
    add("truncated", whole[:53], len(whole))
    whole = raw(ETH / IP6 / udp(300))
    for cut in (64, 62):
        add("udp", whole[:cut], len(whole))
    add("truncated", whole[:61], len(whole))
    # A UDP datagram that ends before its IP packet does.
    add("udp", ETH / IP4 / udp(20, len=18))
    # A jumbogram, with UDP's length 0 (RFC 2675). 70,000 bytes of payload on the wire, 200 captured.
    jumbo = raw(ETH / IPv6(src=A6, dst=B6, plen=0, nh=0) /
                IPv6ExtHdrHopByHop(options=[Jumbo(jumboplen=70000 + 16)]) /
                UDP(sport=5353, dport=53, len=0, chksum=0) / Raw(bytes(138)))
    add("udp", jumbo, 14 + 40 + 70016)
    return f


def other_links():
    """(name, LINKTYPE, [(kind, bytes, wire)])"""
    four, six, arp = raw(IP4 / tcp(21)), raw(IP6 / udp(22)), raw(ARP(psrc=A4, pdst=B4))
    tag = struct.pack(">HH", 33, 0x0800)

    def sll(protocol, data, arphrd=1):
        return struct.pack(">HHH8sH", 0, arphrd, 6, b"\x02\0\0\0\0\x01\0\0", protocol) + data

    def sll2(protocol, data, arphrd=1):
        return struct.pack(">HHIHBB8s", protocol, 0, 3, arphrd, 0, 6, b"\x02\0\0\0\0\x01\0\0") + data

    def both(wrap):
        return [("tcp", wrap(0x0800, four), None), ("udp", wrap(0x86dd, six), None), ("tcp", wrap(0x8100, tag + four), None),
                ("arp", wrap(0x0806, arp), None), ("other_link", wrap(0x0004, bytes(20)), None),
                ("other_link", wrap(0x0800, four, 824), None)]

    ip = [("tcp", four, None), ("udp", six, None)]
    return [
        ("sll", 113, both(sll)),
        ("sll2", 276, both(sll2)),
        ("raw", 101, ip),
        ("rawbsd", 12, ip),
        ("ipv4", 228, ip[:1]),
        ("ipv6", 229, ip[1:]),
        ("null_le", 0, [("tcp", b"\2\0\0\0" + four, None)] +
         [("udp", struct.pack("<I", 10) + six, None, 22)] +  # Linux's AF_INET6, which tshark does not know here
         [("udp", struct.pack("<I", n) + six, None) for n in (24, 28, 30)] + [("other_link", b"\7\0\0\0" + bytes(20), None)]),
        ("null_be", 0, [("tcp", b"\0\0\0\2" + four, None), ("udp", b"\0\0\0\x1e" + six, None)]),
        ("loop", 108, [("tcp", b"\0\0\0\2" + four, None), ("udp", b"\0\0\0\x18" + six, None)]),
        ("unknown", 105, [("unknown_link", bytes(40), None)]),
    ]


def pcap(order, magic, link, frames, step_fraction, record=lambda r: r):
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)
    for i, (_, data, wire, *_) in enumerate(frames):
        out += record(struct.pack(order + "IIII", 1700000000 + i, step_fraction + i, len(data), wire or len(data)))
        out += data
    return out


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def shb(order):
    return block(order, 0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1))


def idb(order, link=1, snaplen=0, options=b""):
    end = option(order, 0, b"") if options else b""
    return block(order, 1, struct.pack(order + "HHI", link, 0, snaplen) + options + end)


def epb(order, interface, ts, data, wire=None, options=b""):
    return block(order, 6, struct.pack(order + "IIIII", interface, ts >> 32, ts & 0xffffffff, len(data), wire or len(data)) +
                 data + bytes(-len(data) % 4) + options)


def formats():
    """name → bytes: the same few frames in every dress."""
    frames = [("tcp", raw(ETH / IP4 / tcp(40)), None), ("udp", raw(ETH / IP4 / udp(33)), None),
              ("tcp", raw(ETH / IP6 / tcp(41))[:90], len(raw(ETH / IP6 / tcp(41)))), ("udp", raw(ETH / IP6 / udp(2)), None)]
    files = {}
    for order, word in (("<", "le"), (">", "be")):
        files[f"us_{word}.pcap"] = pcap(order, 0xa1b2c3d4, 1, frames, 999990)
        files[f"ns_{word}.pcap"] = pcap(order, 0xa1b23c4d, 1, frames, 999999990)
        files[f"kuznetzov_{word}.pcap"] = pcap(order, 0xa1b2cd34, 1, frames, 5,
                                               lambda r, o=order: r + struct.pack(o + "IHBx", 2, 0x0800, 0))
        # Frame check sequence of two 16-bit words, in the link type field's upper bits.
        fcs = [(k, d + b"FCS!", None) for k, d, _ in frames[:2]] + [("udp", frames[3][1] + b"FC", len(frames[3][1]) + 4)]
        files[f"fcs_{word}.pcap"] = pcap(order, 0xa1b2c3d4, 1 | 0x04000000 | (2 << 28), fcs, 1)

        o = order
        data = [f[1] for f in frames]
        t = 1700000000
        resol = lambda v: option(o, 9, bytes([v]))
        ng = shb(o)
        ng += idb(o)                                                     # 0: µs by default
        ng += idb(o, options=resol(9))                                   # 1: ns
        ng += idb(o, options=resol(0x80 | 20))                           # 2: 2^-20 s
        ng += idb(o, options=resol(0))                                   # 3: s
        ng += idb(o, options=resol(3) + option(o, 14, struct.pack(o + "q", -3600)))  # 4: ms, one hour back
        ng += idb(o, options=option(o, 2, b"eth7") + resol(12))          # 5: ps, behind another option
        ng += idb(o, link=101, snaplen=64)                               # 6: raw IP
        ng += epb(o, 0, t * 10**6 + 123456, data[0])
        ng += epb(o, 1, t * 10**9 + 123456789, data[1], options=option(o, 2, b"\1\0\0\0") + option(o, 0, b""))
        ng += epb(o, 2, (t << 20) + 0x80001, data[2], frames[2][2])
        ng += epb(o, 3, t + 7, data[3])
        ng += epb(o, 4, (t + 3600) * 1000 + 17, data[0])
        ng += epb(o, 5, 1_700_000 * 10**12 + 9876543210, data[1])
        ng += epb(o, 6, t * 10**6 + 5, raw(IP4 / tcp(2)))
        ng += block(o, 0x0bad, b"a block of a type that nobody has defined")
        ng += block(o, 4, struct.pack(o + "HH", 0, 0))                   # name resolution
        # Obsolete packet block: interface, drops since the last.
        ng += block(o, 2, struct.pack(o + "HHIIII", 0, 3, (t * 10**6 + 9) >> 32, (t * 10**6 + 9) & 0xffffffff, len(data[3]),
                                      len(data[3])) + data[3])
        ng += block(o, 5, struct.pack(o + "III", 1, 0, 0) + option(o, 5, struct.pack(o + "Q", 11)) +
                    option(o, 7, struct.pack(o + "Q", 2**33)) + option(o, 0, b""))
        files[f"blocks_{word}.pcapng"] = ng

        # Simple packet blocks; the interface's snap length says how much of the second was kept.
        files[f"simple_{word}.pcapng"] = (shb(o) + idb(o, snaplen=64) + block(o, 3, struct.pack(o + "I", len(data[3])) + data[3]) +
                                          block(o, 3, struct.pack(o + "I", len(data[0])) + data[0][:64]))
    # Sections of both byte orders in one file; interface numbers begin again in each.
    le = shb("<") + idb("<", options=option("<", 9, b"\x09")) + epb("<", 0, 1700000000 * 10**9 + 1, frames[0][1])
    be = shb(">") + idb(">", link=101) + epb(">", 0, 1700000001 * 10**6, raw(IP6 / udp(22)))
    files["sections.pcapng"] = le + be + le
    files["empty.pcap"] = pcap("<", 0xa1b2c3d4, 1, [], 0)
    files["empty.pcapng"] = shb("<")
    return files


def tshark(path, *fields):
    command = ["tshark", "-n", "-r", path, "-o", "ip.tso_support:TRUE", "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE",
               "-o", "tcp.desegment_tcp_streams:FALSE", "-o", "tcp.relative_sequence_numbers:FALSE",
               "--disable-protocol", "http", "--disable-protocol", "dns", "--disable-protocol", "mdns",
               "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=,"]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def first(text):
    return text.split(",")[0]


def frame_bytes(path):
    """tshark's own hex dump of each frame."""
    done = subprocess.run(["tshark", "-n", "-r", path, "-T", "jsonraw", "-j", "frame"], check=True, capture_output=True, text=True)
    return [p["_source"]["layers"]["frame_raw"][0] for p in json.loads(done.stdout)]


def main():
    sets = [("ethernet", 1, ethernet_frames())] + other_links()
    with open("frames.tsv", "w") as out:
        out.write("# file kind src dst sport dport payload_wire seq ack flags window ttl vlans eth_src eth_dst (from make.py and tshark)\n")
        for name, link, frames in sets:
            path = f"link_{name}.pcap"
            with open(path, "wb") as f:
                f.write(pcap("<", 0xa1b2c3d4, link, frames, 0))
            rows = tshark(path, "ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "tcp.srcport", "udp.srcport", "tcp.dstport", "udp.dstport",
                          "tcp.len", "udp.length", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.window_size_value", "ip.ttl",
                          "ipv6.hlim", "vlan.id", "eth.src", "eth.dst", "ieee8021ad.id", "ipv6.opt.jumbo")
            assert len(rows) == len(frames), (path, len(rows), len(frames))
            for (kind, data, wire, *sent), r in zip(frames, rows):
                r += [""] * (21 - len(r))
                if kind not in ("tcp", "udp"):
                    out.write("\t".join([path, kind] + ["-"] * 13) + "\n")
                    continue
                if sent and sent[0] is not None:
                    # The tcp() or udp() that was sent.
                    length = str(sent[0])
                    if kind == "tcp":
                        r[4], r[6] = "40000", "80"
                        r[10:14] = "4294967280", "16909060", "0x0018", "4321"
                    else:
                        r[1], r[3], r[4], r[6], r[15] = A6, B6, "5353", "53", "57"
                elif kind == "tcp":
                    length = r[8]
                else:
                    # The jumbogram has no UDP length: RFC 2675 4, the jumbo payload less the headers.
                    length = str(int(r[9]) - 8) if r[9] != "0" else str(int(r[20]) - 8 - 8)
                vlans = ",".join(v for v in (r[19], r[16]) if v)
                columns = [path, kind, first(r[0] or r[1]), first(r[2] or r[3]), first(r[4] or r[5]), first(r[6] or r[7]), length,
                           r[10] or "0", r[11] or "0", r[12] or "0", r[13] or "0", first(r[14] or r[15]), vlans or "-",
                           first(r[17]) or "-", first(r[18]) or "-"]
                out.write("\t".join(columns) + "\n")
    with open("files.tsv", "w") as out:
        out.write("# file seconds nanoseconds captured on_wire bytes (tshark's reading)\n")
        for name, data in formats().items():
            with open(name, "wb") as f:
                f.write(data)
            if name.startswith("empty"):
                continue
            rows = tshark(name, "frame.time_epoch", "frame.cap_len", "frame.len", "eth.fcs")
            for (time, captured, wire, *fcs), dump in zip(rows, frame_bytes(name), strict=True):
                # tshark shows a block that nobody defined as a record of its own.
                if bytes.fromhex(dump).startswith(b"ock of a type"):
                    continue
                # tshark keeps the frame check sequence in the frame; here it does not count as captured.
                if name.startswith("fcs"):
                    assert fcs == ["0x46435321"] or int(captured) < int(wire), (name, fcs)
                    wire = str(int(wire) - 4)
                    captured = str(min(int(captured), int(wire)))
                    dump = dump[:2 * int(captured)]
                seconds, _, fraction = (time or "0.0").partition(".")
                out.write("\t".join([name, seconds, fraction.ljust(9, "0")[:9], captured, wire, dump]) + "\n")


if __name__ == "__main__":
    sys.exit(main())
