#!/usr/bin/python3
"""An upload to nginx; beside each segment of its body one with other bytes and a wrong checksum, before it or
behind it, and FIN and RST with wrong checksums in between."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import CLIENT4, SERVER4, Case, Lab, People, csv_of
from lab.decoys import decoy, upload
from lab.holes import write_frames

draw = People("decoy_checksum")
people, fakes = draw.persons(60), draw.persons(40)
body = csv_of(people).encode()
# Another text of the same length; its persons end before the last segment.
fake = csv_of(fakes).encode()
assert len(fake) < len(body)
fake = fake.ljust(len(body), b".")
case = Case(__file__)
case.persons(people + fakes)
case.item("initiator", "body", {"cn.resident_id": 60, "cn.mobile": 60, "net.email": 60}, body)
case.item("initiator", "conflict", {"cn.resident_id": 40, "cn.mobile": 40, "net.email": 40}, fake)
with Lab(__file__) as lab:
    lab.nginx()
    lab.capture()
    lab.curl("-T", lab.file("customers.csv", body), f"http://{SERVER4}/dav/customers.csv")
    lab.stop_capture(keep=False)
    frames, parts = upload(lab.path, CLIENT4)
assert len(parts) >= 3
out = []
for i, frame in enumerate(frames):
    if i not in parts:
        out.append(frame)
        continue
    skip, offset, length = parts[i]
    lie = decoy(frame, fake[offset:offset + length], skip, checksum=False)
    if i % 2 == 0:
        out += [lie, frame]
    else:
        out += [frame, lie]
    behind = skip + length
    out += [decoy(frame, b"", behind, checksum=False, flags="FA"), decoy(frame, b"", behind, checksum=False, flags="R")]
write_frames(os.path.join(case.folder, "input.pcap"), out)
case.write("Decoys with wrong checksums", "What the receiver threw away neither replaces nor hides what it took, and is "
           "read as well; it neither ends nor resets the connection.",
           f"curl -> nginx, IPv4; scapy added {len(out) - len(frames)} frames with wrong TCP checksums",
           tshark_faults={"initiator": "tshark takes the decoys for the stream"})
