"""Captures that lost frames: which bytes of an HTTP response are still in the file. Reads with scapy, so that
the truth of such a case does not come from Weir."""
from scapy.all import IP, TCP, PcapReader, PcapWriter


def frames_of(path):
    with PcapReader(path) as reader:
        return list(reader)


def write_frames(path, frames, linktype=1, snaplen=262144):
    with PcapWriter(path, linktype=linktype, sync=True) as writer:
        writer.snaplen = snaplen
        for frame in frames:
            writer.write(frame)


def payload_of(frame):
    """TCP payload by the IP length (frames under 60 bytes may be padded)."""
    ip, tcp = frame[IP], frame[TCP]
    return bytes(tcp.payload)[:ip.len - ip.ihl * 4 - tcp.dataofs * 4]


def body_ranges(frames, server):
    """For each frame the (start, end) of the response body that it carries, or None; for a recording of one
    connection with one response. Offsets are into the body."""
    first, data = None, {}
    for i, frame in enumerate(frames):
        if not frame.haslayer(TCP) or frame[IP].src != server:
            continue
        tcp = frame[TCP]
        if tcp.flags.S:
            first = tcp.seq + 1
        payload = payload_of(frame)
        if payload:
            data[i] = ((tcp.seq - first) % 2**32, payload)
    head = b"".join(p for _, p in sorted(data.values(), key=lambda d: d[0])).index(b"\r\n\r\n") + 4
    return [(data[i][0] - head, data[i][0] - head + len(data[i][1])) if i in data else None
            for i in range(len(frames))]
