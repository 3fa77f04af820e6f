"""A TCP conversation that a script writes frame by frame, for what no program sends and no recording holds: a stream picked
up in its middle, a hole at a chosen byte. The headers are scapy's."""
from scapy.all import IP, TCP, Ether

from .lab import CLIENT4, SERVER4

MACS = {CLIENT4: "02:00:00:66:00:02", SERVER4: "02:00:00:66:00:80"}


def between(source):
    """Ethernet and IP from one end to the other."""
    target = SERVER4 if source == CLIENT4 else CLIENT4
    return Ether(src=MACS[source], dst=MACS[target]) / IP(src=source, dst=target)


class Conversation:
    """frames: what was captured. say() sends bytes in segments; with kept=False they came and were not captured."""

    def __init__(self, client_port, server_port, start, handshake=True):
        self.ports = {CLIENT4: client_port, SERVER4: server_port}
        self.next = {CLIENT4: 1000, SERVER4: 500000}
        self.time = start
        self.frames = []
        if handshake:
            self.add(CLIENT4, "S", b"")
            self.add(SERVER4, "SA", b"")
            self.add(CLIENT4, "A", b"")

    def add(self, source, flags, payload, kept=True):
        other = SERVER4 if source == CLIENT4 else CLIENT4
        tcp = TCP(sport=self.ports[source], dport=self.ports[other], flags=flags, seq=self.next[source],
                  ack=self.next[other] if "A" in flags else 0, window=64000)
        frame = Ether(bytes(between(source) / tcp / payload))
        frame.time = self.time = self.time + 0.001
        self.next[source] += len(payload) + ("S" in flags) + ("F" in flags)
        if kept:
            self.frames.append(frame)

    def say(self, source, data, kept=True, size=1400):
        for at in range(0, len(data), size):
            self.add(source, "PA", data[at:at + size], kept)
            self.add(SERVER4 if source == CLIENT4 else CLIENT4, "A", b"")

    def end(self):
        self.add(CLIENT4, "FA", b"")
        self.add(SERVER4, "FA", b"")
        self.add(CLIENT4, "A", b"")
