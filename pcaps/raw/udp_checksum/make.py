#!/usr/bin/python3
"""Four datagrams on one flow, the second and the last with a checksum that the script spoiled, as a broken switch does. The
receiver never took them."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from scapy.all import UDP

from lab import SERVER4, Case, Lab, People
from lab.holes import frames_of, write_frames
from lab.pieces import tshark_rows

people = People("udp_checksum").persons(4)
texts = [f"身份证号：{p['resident_id']} 手机号：{p['mobile']}\n".encode() for p in people]
case = Case(__file__)
case.persons(people, ("resident_id", "mobile"))
with Lab(__file__) as lab:
    lab.server(["nc", "-u", "-l", "5514"], port=5514, stdout=subprocess.DEVNULL)
    lab.capture(options=("udp port 5514",))
    client = lab.spawn(["nc", "-u", SERVER4, "5514"], lab.a, stdin=subprocess.PIPE)
    for text in texts:
        client.stdin.write(text)
        client.stdin.flush()
        time.sleep(0.2)
    lab.stop_capture()
frames = frames_of(lab.path)
assert [bytes(f[UDP].payload) for f in frames] == texts
out, spoiled = [], 0
for number, frame in enumerate(frames):
    # The lab's own sums are left to a card that is not there.
    del frame[UDP].chksum
    sound = frame.__class__(bytes(frame))
    if number % 2:
        sound[UDP].chksum ^= 0x5555
        spoiled += len(texts[number])
    else:
        case.item("initiator", "datagram", {"cn.resident_id": 1, "cn.mobile": 1}, texts[number])
    sound.time = frame.time
    out.append(sound)
write_frames(lab.path, out)
rows = tshark_rows(lab.path, "udp.checksum.status==0", "udp.length", checksums=True)
assert sum(int(length) - 8 for length, in rows) == spoiled and len(rows) == 2
total = sum(map(len, texts))
case.write("Datagrams with a wrong checksum", "A datagram with a wrong checksum among right ones is told as unread (checksum).",
           "nc -> nc, UDP 5514, IPv4; scapy spoiled two of four checksums",
           stderr_has=["datagrams with a wrong checksum 2"],
           payload={"seen": total, "read": total - spoiled, "duplicate": 0, "unread": {"checksum": spoiled}, "gap": 0})
