#!/usr/bin/python3
"""A wire between two network namespaces that loses and reorders frames: two TAP devices and this program.

    link.py NS_A NS_B --drop 0.05 --reorder 0.1 --seed 7

Makes a TAP device w0 in each namespace, prints "link is up" on standard error and carries frames until it is
ended. Which frames suffer depends only on the seed and on their place among the frames of their direction
that carry TCP payload; all others pass, so that connections come up quickly. A reordered frame is overtaken
by up to three later ones, or leaves after 20 ms.
"""
import argparse
import ctypes
import fcntl
import os
import random
import select
import struct
import sys
import time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
CLONE_NEWNET = 0x40000000


def open_tap(namespace, name="w0"):
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    if libc.setns(there, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), f"setns to {namespace}")
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
    if libc.setns(home, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns back")
    os.close(home)
    os.close(there)
    return tap


def carries_tcp_payload(frame):
    if frame[12:14] == b"\x08\x00" and frame[23] == 6:
        header = 14 + (frame[14] & 15) * 4
        end = 14 + struct.unpack("!H", frame[16:18])[0]
    elif frame[12:14] == b"\x86\xdd" and frame[20] == 6:
        header, end = 54, 54 + struct.unpack("!H", frame[18:20])[0]
    else:
        return False
    return end > header + (frame[header + 12] >> 4) * 4


class OneWay:
    """Frames of one direction."""

    def __init__(self, out, seed, drop, reorder):
        self.out, self.rng, self.drop, self.reorder = out, random.Random(seed), drop, reorder
        self.held = []  # [frames still to let by, latest leave, frame]

    def send(self, frame):
        try:
            os.write(self.out, frame)
        except OSError:
            pass  # the device is not up yet

    def frame(self, frame, now):
        if carries_tcp_payload(frame):
            fate = self.rng.random()
            if fate < self.drop:
                return
            if fate < self.drop + self.reorder:
                self.held.append([self.rng.randint(1, 3), now + 0.02, frame])
                return
        self.send(frame)
        for waiting in self.held:
            waiting[0] -= 1
        self.release(now)

    def release(self, now):
        due = [w for w in self.held if w[0] <= 0 or w[1] <= now]
        self.held = [w for w in self.held if w[0] > 0 and w[1] > now]
        for _, _, frame in due:
            self.send(frame)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("a")
    parser.add_argument("b")
    parser.add_argument("--drop", type=float, default=0.0)
    parser.add_argument("--reorder", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    a, b = open_tap(options.a), open_tap(options.b)
    ways = {a: OneWay(b, f"{options.seed}-ab", options.drop, options.reorder),
            b: OneWay(a, f"{options.seed}-ba", options.drop, options.reorder)}
    print("link is up", file=sys.stderr, flush=True)
    while True:
        waiting = any(way.held for way in ways.values())
        ready = select.select([a, b], [], [], 0.005 if waiting else None)[0]
        now = time.monotonic()
        for tap in ready:
            try:
                ways[tap].frame(os.read(tap, 65536), now)
            except BlockingIOError:
                continue
            except OSError:
                time.sleep(0.01)  # not up yet
        for way in ways.values():
            way.release(now)


if __name__ == "__main__":
    main()
