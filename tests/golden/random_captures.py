"""Captures made at random from a seed, by their own packet writer, that state what is in them: the outside expectation for what
Weir says it saw and read.

    capture = Capture(seed); capture.text_streams(20); …; capture.write(path)

`said` counts as the frames are made: packets by kind, payload seen (by the lengths in the headers), what a snap length cut off,
bytes of a body in a coding that nobody reads, …
"""
import collections
import random
import struct
import zlib

SYN, FIN, ACK = 2, 1, 16
WORDS = ("order", "parcel", "weather", "invoice", "meeting", "客户", "地址", "notes", "blue", "river", "\n", " ", ", ", ". ")


class Capture:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.frames = []  # (time, wire length, captured bytes)
        self.said = collections.Counter()
        self.hosts = 0
        self.clock = 1_700_000_000_000_000

    # Frames ----------------------------------------------------------------------------------------

    def frame(self, kind, data, keep=None):
        self.said["packets"] += 1
        self.said["kind " + kind] += 1
        self.clock += self.random.randrange(1, 2000)
        self.frames.append((self.clock, len(data), data if keep is None else data[:keep]))

    def ip(self, source, destination, protocol, payload, fragment=0, v6=False):
        ether = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02"
        if v6:
            prefix = b"\xfd" + b"\0" * 11
            return (ether + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + prefix + source +
                    prefix + destination + payload)
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), self.random.randrange(65536), fragment, 64,
                             protocol, 0, source, destination)
        return ether + b"\x08\0" + header + payload

    def addresses(self):
        """A pair that no other conversation has; its frames lie among those of others."""
        self.hosts += 1
        self.clock = 1_700_000_000_000_000 + self.random.randrange(1_000_000)
        return struct.pack("!BBBB", 10, 1, self.hosts >> 8, self.hosts & 255), struct.pack("!BBBB", 10, 2, 0, 1)

    def tcp(self, ends, ports, seq, ack, flags, payload, v6=False):
        header = struct.pack("!HHIIBBHHH", *ports, seq & 0xffffffff, ack & 0xffffffff, 0x50, flags, 65535, 0, 0)
        self.said["seen"] += len(payload)
        return self.ip(*ends, 6, header + payload, v6=v6)

    def udp(self, ends, ports, payload, v6=False):
        self.said["seen"] += len(payload)
        return self.ip(*ends, 17, struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload, v6=v6)

    # Conversations ---------------------------------------------------------------------------------

    def text(self, size):
        out = ""
        while len(out.encode()) < size:
            out += self.random.choice(WORDS)
        return out.encode()[:size]

    def conversation(self, port, talk, mangle=False, handshake=True, snap=None, end=True, v6=None):
        """`talk`: (0 | 1, bytes) in turn. Mangled: repeated, reordered and, by overlaps, cut otherwise, and lost. Returns the
        stream bytes of both sides that are in the capture at least once."""
        rnd = self.random
        drawn = rnd.random() < 0.3
        v6 = drawn if v6 is None else v6
        ends = self.addresses()
        ports = (rnd.randrange(20000, 60000), port)
        ways = ((ends, ports), (ends[::-1], ports[::-1]))
        seq = [rnd.randrange(1 << 32), rnd.randrange(1 << 32)]
        first = list(seq)
        segments = []  # (side, seq, ack, flags, payload)
        if handshake:
            segments += [(0, seq[0] - 1, 0, SYN, b""), (1, seq[1] - 1, seq[0], SYN | ACK, b""), (0, seq[0], seq[1], ACK, b"")]
        fixed = len(segments)
        for side, data in talk:
            at = 0
            while at < len(data):
                n = min(len(data) - at, rnd.choice((1, 7, 100, 536, 1448, 1448, 1448)))
                back = min(at, rnd.choice((0, 0, 0, 0, 60))) if mangle else 0
                segments.append((side, seq[side] - back, seq[1 - side], ACK, data[at - back:at + n]))
                seq[side] += n
                at += n
        if mangle:
            body = segments[fixed:]
            body += [s for s in body if rnd.random() < 0.05]
            order = sorted(range(len(body)), key=lambda i: i + rnd.random() * rnd.choice((1, 1, 12)))
            body = [body[i] for i in order if rnd.random() > 0.01]
            segments[fixed:] = body
        if end:
            segments += [(0, seq[0], seq[1], FIN | ACK, b""), (1, seq[1], seq[0] + 1, FIN | ACK, b"")]
        came = (set(), set())
        for side, number, ack, flags, payload in segments:
            data = self.tcp(*ways[side], number, ack, flags, payload, v6)
            keep = None
            if snap and len(data) > snap:
                keep = snap
                self.said["snaplen"] += min(len(payload), len(data) - snap)
            self.frame("tcp", data, keep)
            offset = number - first[side]
            kept = len(payload) if keep is None else max(0, len(payload) - (len(data) - keep))
            came[side].update(range(offset, offset + kept))
        return len(came[0]) + len(came[1])

    def text_streams(self, n, mangle=True):
        for _ in range(n):
            talk = [(self.random.randrange(2), self.text(self.random.randrange(1, 6000))) for _ in range(4)]
            begin = self.random.random() < 0.8  # else picked up late, and in order
            self.said["stream bytes"] += self.conversation(9000, talk, mangle and begin, begin)

    def snapped_streams(self, n):
        for _ in range(n):
            self.conversation(9000, [(0, self.text(8000)), (1, self.text(3000))], snap=self.random.randrange(80, 900))

    def datagrams(self, n):
        for _ in range(n):
            ends = self.addresses()
            ports = (self.random.randrange(20000, 60000), 5140)
            for _ in range(self.random.randrange(1, 5)):
                text = self.text(self.random.randrange(0, 1400))
                self.said["datagram bytes"] += len(text)
                self.frame("udp", self.udp(ends, ports, text, self.random.random() < 0.3))

    def tls_streams(self, n, mangle=False):
        """A hello of each side, then application data."""
        for _ in range(n):
            hello = b"\x16\x03\x01" + struct.pack("!H", 204) + b"\x01\0\0\xc8\x03\x03" + self.random.randbytes(198)
            answer = b"\x16\x03\x03" + struct.pack("!H", 104) + b"\x02\0\0\x64\x03\x03" + self.random.randbytes(98)
            records = b"".join(b"\x17\x03\x03" + struct.pack("!H", size) + self.random.randbytes(size)
                               for size in (self.random.randrange(1, 9000) for _ in range(5)))
            talk = [(0, hello), (1, answer), (0, records[:4000]), (1, records), (0, records[4000:])]
            self.said["tls bytes"] += self.conversation(443, talk, mangle)

    def http(self, head, body, response_body=b"ok"):
        request = b"POST /upload HTTP/1.1\r\nHost: shop.example\r\n" + head + b"\r\n" + body
        response = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(response_body) + response_body
        return self.conversation(80, [(0, request), (1, response)])

    def http_streams(self, n):
        rnd = self.random
        for _ in range(n):
            plain = self.text(rnd.randrange(100, 20000))
            zipped = gzip_of(plain)
            length = b"Content-Length: %d\r\n"
            shape = rnd.choice(("plain", "gzip", "gzip cut", "gzip broken", "unknown", "chunked", "chunks broken", "form"))
            if shape == "plain":
                self.http(length % len(plain) + b"Content-Type: text/plain\r\n", plain)
            elif shape == "gzip":
                self.http(length % len(zipped) + b"Content-Encoding: gzip\r\n", zipped)
            elif shape == "gzip cut":
                self.http(length % len(zipped) + b"Content-Encoding: gzip\r\n", zipped[:-20])
            elif shape == "gzip broken":
                at = len(zipped) // 3
                broken = zipped[:at] + bytes(255 - c for c in zipped[at:at + 40]) + zipped[at + 40:]
                self.http(length % len(broken) + b"Content-Encoding: gzip\r\n", broken)
            elif shape == "unknown":
                self.http(length % len(plain) + b"Content-Encoding: x-secret\r\n", rnd.randbytes(len(plain)))
                self.said["unsupported"] += len(plain)
            elif shape == "chunked":
                self.http(b"Transfer-Encoding: chunked\r\n", chunked(plain, rnd) + b"0\r\n\r\n")
            elif shape == "chunks broken":
                self.http(b"Transfer-Encoding: chunked\r\n", chunked(plain, rnd) + b"zz\r\n" + plain)
            else:
                self.http(b"Content-Type: multipart/form-data; boundary=XyZ\r\n" + length % (len(form(plain))), form(plain))

    def garbage(self, n):
        """Frames without a transport header: each kind that a decoder may meet."""
        rnd = self.random
        for _ in range(n):
            ends = self.addresses()
            what = rnd.randrange(7)
            if what == 0:
                self.frame("other_link", b"\x02" * 12 + b"\x88\xb5" + rnd.randbytes(rnd.randrange(46, 200)))
            elif what == 1:
                self.frame("arp", b"\xff" * 6 + b"\x02\0\0\0\0\x01\x08\x06\0\x01\x08\0\x06\x04\0\x01" + rnd.randbytes(20))
            elif what == 2:
                self.frame("icmp", self.ip(*ends, 1, b"\x08\0\0\0" + rnd.randbytes(56)))
            elif what == 3:
                self.frame("esp", self.ip(*ends, 50, struct.pack("!II", 4096, 1) + rnd.randbytes(80)))
            elif what == 4:  # one piece of a datagram, the others of which never come: read as it is, ports unknown
                chance = rnd.random() < 0.5  # … or looked at and not read: nothing shows in it
                piece = rnd.randbytes(64) if chance else self.text(64)
                self.frame("fragment", self.ip(*ends, 17, piece, fragment=0x2000 | rnd.randrange(1, 50)))
                self.said["seen"] += 64
                self.said["chance"] += 64 * chance
                self.said["pieces"] += 1
            elif what == 5:  # UDP longer than its packet
                self.frame("malformed", self.ip(*ends, 17, struct.pack("!HHHH", 1, 2, 500, 0) + rnd.randbytes(20)))
            else:  # cut inside the TCP header
                whole = self.ip(*ends, 6, rnd.randbytes(20))
                self.frame("truncated", whole, keep=14 + 20 + rnd.randrange(0, 20))

    def write(self, path):
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
            for at, wire, data in sorted(self.frames, key=lambda frame: frame[0]):
                out.write(struct.pack("<IIII", at // 1_000_000, at % 1_000_000, len(data), wire) + data)


def gzip_of(data):
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def chunked(data, rnd):
    out, at = b"", 0
    while at < len(data):
        n = rnd.randrange(1, 3000)
        piece = data[at:at + n]
        out += b"%x\r\n" % len(piece) + piece + b"\r\n"
        at += n
    return out


def form(data):
    return (b"--XyZ\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n" + data[:200] + b"\r\n--XyZ\r\n"
            b"Content-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\n" + data +
            b"\r\n--XyZ--\r\n")
