#!/usr/bin/python3
"""Three lines through netcat, each in a segment of its own; behind the second the script adds a copy with another person in the
same places. Both are read, and no byte counts as unread."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import IP

from lab import CLIENT4, SERVER4, Case, Lab, People
from lab.decoys import decoy
from lab.holes import frames_of, payload_of, write_frames

draw = People("two_versions")
people, others = draw.persons(3), draw.persons(1)
assert len(others[0]["resident_id"]) == len(people[1]["resident_id"])


def line(person):
    return f"身份证号：{person['resident_id']} 手机号：{person['mobile']}\n".encode()


texts = [line(person) for person in people]
second = line(others[0])
case = Case(__file__)
case.persons(people + others, ("resident_id", "mobile"))
case.item("initiator", "raw", {"cn.resident_id": 3, "cn.mobile": 3}, b"".join(texts))
case.item("initiator", "conflict", {"cn.resident_id": 1, "cn.mobile": 1})
with Lab(__file__) as lab:
    lab.server(["nc", "-l", "9000"], port=9000, stdout=subprocess.DEVNULL)
    lab.capture(options=("tcp port 9000",))
    client = lab.spawn(["nc", "-N", SERVER4, "9000"], lab.a, stdin=subprocess.PIPE)
    for text in texts:
        client.stdin.write(text)
        client.stdin.flush()
        time.sleep(0.2)
    client.stdin.close()
    client.wait(10)
    lab.stop_capture()
out = []
for frame in frames_of(lab.path):
    out.append(frame)
    if frame[IP].src == CLIENT4 and payload_of(frame) == texts[1]:
        lie = decoy(frame, second)
        lie[IP].id ^= 0x5555
        del lie[IP].chksum
        lie = lie.__class__(bytes(lie))
        lie.time = frame.time
        out.append(lie)
assert len(out) == len(frames_of(lab.path)) + 1
write_frames(lab.path, out)
total = sum(map(len, texts))
case.write("Two versions of a segment", "Bytes that come again and differ are read as well: none is told as unread.",
           "nc -> nc, TCP, IPv4; scapy added another version of one segment",
           stderr_has=["second versions 1"],
           tshark_faults={"initiator": "tshark takes one of the two versions"},
           payload={"seen": total + len(second), "read": total + len(second), "duplicate": 0, "unread": {}, "gap": 0})
