#!/usr/bin/python3
"""The capture kept 420 bytes of each frame: the end of a long segment is missing, the next one is whole."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
import subprocess
import time

from lab import SERVER4, Case, Lab, People
from lab.holes import frames_of
from scapy.all import TCP

SNAPLEN = 420


def line(person):
    return f"身份证号：{person['resident_id']} 手机号：{person['mobile']}\n"


people = People("snaplen").persons(12)
read, lost, whole = people[:4], people[4:10], people[10:]
# What is read ends in padding well before the cut; what is lost begins after it.
first = "".join(map(line, read)).encode().ljust(400) + "".join(map(line, lost)).encode()
second = "".join(map(line, whole)).encode()
with Lab(__file__) as lab:
    lab.server(["nc", "-l", "9000"], port=9000, stdout=subprocess.DEVNULL)
    lab.capture()
    client = lab.spawn(["nc", "-N", SERVER4, "9000"], lab.a, stdin=subprocess.PIPE)
    client.stdin.write(first)
    client.stdin.flush()
    time.sleep(0.3)
    client.stdin.write(second)
    client.stdin.close()
    client.wait(10)
    lab.stop_capture(keep=False)
    target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "input.pcap")
    lab.client(["editcap", "-F", "pcap", "-s", str(SNAPLEN), lab.path, target])
sizes = [(len(f), f.wirelen) for f in frames_of(target) if f.haslayer(TCP) and f.wirelen > 100]
headers = sizes[0][1] - len(first)
assert [wire - headers for _, wire in sizes] == [len(first), len(second)] and sizes[1][0] == sizes[1][1], sizes
assert len("".join(map(line, read)).encode()) + 20 < SNAPLEN - headers < 400
case = Case(__file__)
case.persons(people, ("resident_id", "mobile"))
case.item("initiator", "raw", {"cn.resident_id": 6, "cn.mobile": 6}, first + second)
case.write("Snap length", "Bytes that the capture cut off are told as unread (snaplen); reading goes on behind them.",
           f"nc -> nc, TCP, IPv4; editcap -s {SNAPLEN}: {len(first) - (SNAPLEN - headers)} bytes of a segment cut off",
           stderr_has=[f"not read .*snaplen {len(first) - (SNAPLEN - headers)} bytes"])
