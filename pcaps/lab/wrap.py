"""A recording of real programs with a tunnel put around it, for tunnels that the lab's kernel does not have. The
headers are scapy's, or are packed here by the standard's layout; the packets inside stay as they were recorded."""
import os

import yaml
from scapy.all import IP, TCP, UDP, Ether, IPv6

from .case import Case
from .holes import frames_of, write_frames

# The tunnel's two ends: the initiator's and the responder's.
ENDS4 = ("198.18.0.1", "198.18.0.2")
ENDS6 = ("2001:db8:ff::1", "2001:db8:ff::2")
END_MACS = ("02:00:00:18:00:01", "02:00:00:18:00:02")


def ends(forward, pair):
    return dict(zip(("src", "dst"), pair if forward else pair[::-1]))


def ethernet(forward, **kw):
    return Ether(**ends(forward, END_MACS), **kw)


def outer4(forward, **kw):
    return ethernet(forward) / IP(**ends(forward, ENDS4), **kw)


def outer6(forward, **kw):
    return ethernet(forward) / IPv6(**ends(forward, ENDS6), **kw)


def ip_of(frame):
    """The recorded frame's IP packet, without Ethernet's padding."""
    if frame.haslayer(IP):
        return bytes(frame[IP])[:frame[IP].len]
    return bytes(frame[IPv6])[:40 + frame[IPv6].plen]


def is_ipv6(packet):
    return packet[0] >> 4 == 6


def ethertype_of(packet):
    """What Ethernet and GRE call an IP packet."""
    return 0x86dd if is_ipv6(packet) else 0x0800


def protocol_of(packet):
    """What IP calls an IP packet in it (IANA protocol numbers)."""
    return 41 if is_ipv6(packet) else 4


def ppp_of(packet):
    """What PPP calls an IP packet: RFC 1332, RFC 5072."""
    return 0x0057 if is_ipv6(packet) else 0x0021


def wrap_frames(frames, wrapping, layer3=False):
    """wrapping(frame, forward): the frame with a tunnel around it; forward: from who opened the connection.
    layer3: the tunnel carries IP and nothing else, so ARP stays outside."""
    wrapped = []
    first = next(f.src for f in frames if f.haslayer(TCP) or f.haslayer(UDP))
    for frame in frames:
        if layer3 and not (frame.haslayer(IP) or frame.haslayer(IPv6)):
            continue
        around = wrapping(frame, frame.src == first)
        around.time = frame.time
        wrapped.append(around)
    return wrapped


def source_frames(script, source):
    folder = os.path.join(os.path.dirname(os.path.abspath(script)), "../..", source)
    name = next(f for f in sorted(os.listdir(folder)) if f.startswith("input.pcap"))
    with open(os.path.join(folder, "case.yaml"), encoding="utf-8") as known:
        return frames_of(os.path.join(folder, name)), yaml.safe_load(known)


def wrapped_case(script, source, wrapping, title, proves, facts, layer3=False, **more):
    """The whole of a make.py: the frames of pcaps/<source> in a tunnel, with the same truth."""
    case = Case(script)
    frames, origin = source_frames(script, source)
    write_frames(os.path.join(case.folder, "input.pcap"), wrap_frames(frames, wrapping, layer3))
    case.truth, case.seeds, case.digests = origin["truth"], origin["seeds"], origin.get("item_digests", [])
    case.write(title, proves, f"{facts}, put around the recording of {source} by scapy", **more)
