"""Fragments in recordings: what tshark makes of them, and how recorded packets are cut into some."""
import subprocess

from scapy.all import IP, Ether, fragment


def tshark_rows(path, display, *fields, checksums=False):
    """One list of values a packet that the display filter takes, with fragments put together by tshark. `checksums`: it
    verifies TCP's and UDP's."""
    verify = [x for p in ("tcp", "udp") for x in ("-o", f"{p}.check_checksum:{str(checksums).upper()}")]
    out = subprocess.run(["tshark", *verify, "-r", path, "-Y", display, "-T", "fields", "-E", "occurrence=l", "-E", "separator=|"] +
                         [x for f in fields for x in ("-e", f)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
                         text=True).stdout
    return [row.split("|") for row in out.splitlines()]


def udp_payloads(path, port):
    """The payloads of all datagrams to `port`, as tshark puts them together."""
    return [bytes.fromhex(row[0].replace(":", "")) for row in tshark_rows(path, f"udp.dstport=={port}", "udp.payload")]


def fragments_of(frame, size):
    """The frame's IPv4 packet in fragments of `size` payload bytes, in order, as frames with its time."""
    packet = frame[IP].copy()
    packet.flags = 0  # without "don't fragment"
    if len(packet.payload) <= size:
        return [frame]
    # Padding behind the packet is not the packet's.
    packet = IP(bytes(packet)[:packet.len])
    del packet.chksum
    pieces = []
    for piece in fragment(packet, fragsize=size):
        piece = Ether(bytes(Ether(src=frame[Ether].src, dst=frame[Ether].dst) / piece))
        piece.time = frame.time
        pieces.append(piece)
    return pieces
