"""What somebody who wants to be misread adds to a recording: segments that the receiver never took, beside those
that it took. Made with scapy, so that checksums and lengths do not come from Weir."""
from scapy.all import IP, TCP, Raw

from .holes import frames_of, payload_of


def decoy(frame, payload=b"", skip=0, ttl=None, checksum=True, flags=None):
    """A frame like `frame` with other payload, `skip` bytes further into the stream; False as `checksum` spoils the
    TCP checksum."""
    fake = frame.copy()
    ip, tcp = fake[IP], fake[TCP]
    tcp.remove_payload()
    if payload:
        tcp.add_payload(Raw(payload))
    tcp.seq = (tcp.seq + skip) % 2**32
    if flags is not None:
        tcp.flags = flags
    if ttl is not None:
        ip.ttl = ttl
    del ip.len, ip.chksum, tcp.chksum
    # Built once, so that the sums are filled in.
    fake = frame.__class__(bytes(fake))
    if not checksum:
        fake[TCP].chksum ^= 0x5555
        fake = frame.__class__(bytes(fake))
    fake.time = frame.time
    return fake


def upload(path, client):
    """The frames of a recorded upload: (all frames, places of the frames that carry the body, the body parts as
    (skip in the frame, offset in the body, length))."""
    frames = frames_of(path)
    parts, sent, head = {}, 0, None
    for i, frame in enumerate(frames):
        if not frame.haslayer(TCP) or frame[IP].src != client:
            continue
        payload = payload_of(frame)
        if not payload:
            continue
        if head is None:
            sent += len(payload)
            end = payload.find(b"\r\n\r\n")
            assert end >= 0, "the request's head fits into one segment"
            head = end + 4
            if len(payload) > head:
                parts[i] = (head, 0, len(payload) - head)
        else:
            parts[i] = (0, sent - head, len(payload))
            sent += len(payload)
    return frames, parts
