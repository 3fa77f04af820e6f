#!/usr/bin/python3
"""The same packets give the same alerts, whichever way they come.

    tests/e2e/live_capture_test.py --weir build/release/weir [--no-dpdk]

For some captures of pcaps/ the alerts of `weir replay` are held against:
  standard input   `weir replay -` with one, two and three workers: the same lines, in the same order
  DPDK, a file     `weir run --port net_pcap0,rx_pcap=F`, one and two workers: the same alerts, uids included
                   (times in the file are in µs, what a uid takes of them)
  an interface     `weir run -i` on one end of a veth pair while this program sends the frames into the other: one
                   worker, two by PACKET_FANOUT (by address and by flow), two by hand-over: the same detectors,
                   values and severities (times are those of the sending, so uids differ), and every frame read
  DPDK, a veth     the same through net_af_packet
The veth pair lies in a network namespace that this program makes for itself and that goes with it. Needs root, or
a kernel that gives user namespaces. Exit code 0 when all hold, 1 otherwise.
"""
import argparse
import collections
import ctypes
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CASES = ["http1/many_hosts", "http1/upload_vlan", "http1/upload_qinq", "http1/capture_loss", "raw/udp_syslog"]
# Its connection has the addresses and ports of upload_qinq's: on one wire they would be one.
NOT_ON_THE_WIRE = {"http1/upload_vlan"}
CONFIG = """\
capture: { steer: %(steer)s, buffer: 16MiB, dpdk: { rx_descriptors: 1024 } }
workers: { steer: %(by)s }
tokens: { key_file: %(folder)s/token.key }
output: { stdout: true }
"""


class Failure(Exception):
    """A check that does not hold; its text is for the reader."""


def frames_of(path):
    """The frames of a pcap file (draft-ietf-opsawg-pcap), little endian, Ethernet."""
    with open(path, "rb") as file:
        data = file.read()
    magic, link = struct.unpack_from("<I", data)[0], struct.unpack_from("<I", data, 20)[0]
    if magic not in (0xA1B2C3D4, 0xA1B23C4D) or link & 0xFFFF != 1:
        raise Failure(f"{path} is no little-endian Ethernet pcap")
    frames, at = [], 24
    while at < len(data):
        captured, on_wire = struct.unpack_from("<II", data, at + 8)
        if captured != on_wire:
            raise Failure(f"{path} holds a cut frame: it cannot be sent")
        frames.append(data[at + 16:at + 16 + captured])
        at += 16 + captured
    return frames


def alerts_of(text):
    """All alerts, without what tells when and in which order they were written."""
    alerts = []
    for line in text.splitlines():
        alert = json.loads(line)
        del alert["metadata"]["logged_time"]
        del alert["metadata"]["sequence"]
        alerts.append(alert)
    return alerts


def by_uid(alerts):
    return sorted(json.dumps(a, sort_keys=True) for a in alerts)


def by_content(alerts):
    """What must be the same when only the times differ: final revisions by detectors, values, severity."""
    last = {}
    for alert in alerts:
        key = alert["finding_info"]["uid"]
        if key not in last or alert["unmapped"]["revision"] > last[key]["unmapped"]["revision"]:
            last[key] = alert
    counted = collections.Counter()
    for alert in last.values():
        detectors = sorted((d["id"], d["distinct"], d["matches"]) for d in alert["unmapped"]["detectors"])
        subjects = sorted((s["detector"], s["token"]) for s in alert["unmapped"].get("subjects", []))
        ends = [(alert[e]["ip"], alert[e]["port"]) for e in ("src_endpoint", "dst_endpoint")]
        counted[json.dumps([detectors, subjects, alert["severity_id"], ends, alert["unmapped"].get("vlan")])] += 1
    return counted


class Test:
    def __init__(self, weir, folder):
        self.weir, self.folder, self.checks = weir, folder, 0

    def config(self, steer="auto", by="address"):
        path = os.path.join(self.folder, f"{steer}-{by}.yaml")
        with open(path, "w") as file:
            file.write(CONFIG % {"steer": steer, "by": by, "folder": self.folder})
        return path

    def replay(self, path, *args, stdin=None):
        done = subprocess.run([self.weir, "replay", "-c", self.config(), "--all", "--format", "json", *args, path],
                              stdin=stdin, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise Failure(f"weir replay {path} ended with {done.returncode}: {done.stderr}")
        return alerts_of(done.stdout)

    def hold(self, what, same, detail=""):
        self.checks += 1
        print(f"{'ok  ' if same else 'FAIL'} {what}", flush=True)
        if not same:
            raise Failure(f"{what} {detail}")

    def from_standard_input(self, path, expected):
        for workers in ("1", "2", "3"):
            with open(path, "rb") as file:
                got = self.replay("-", "--workers", workers, stdin=file)
            self.hold(f"standard input, {workers} workers", got == expected, f"{len(got)} alerts, not {len(expected)}")

    def run_until_idle(self, source, workers, config, frames=None):
        """weir run over `source`; `frames` are sent once it listens. Its alerts and its summary."""
        command = [self.weir, "run", "-c", config, *source, "--all", "--format", "json", "--workers", str(workers),
                   "--end-when-idle", "1.5"]
        out = tempfile.TemporaryFile(mode="w+")
        with subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, text=True) as program:
            said = ""
            for line in program.stderr:
                said += line
                if "watching" in line:
                    break
            if frames:
                send(frames)
            said += program.stderr.read()
            program.wait(timeout=120)
        if program.returncode != 0:
            raise Failure(f"{' '.join(command)} ended with {program.returncode}: {said}")
        out.seek(0)
        return alerts_of(out.read()), said

    def through_dpdk_file(self, path, expected, packets):
        for workers in (1, 2):
            got, said = self.run_until_idle(["--port", f"net_pcap0,rx_pcap={path}"], workers, self.config())
            self.hold(f"DPDK net_pcap, {workers} workers", by_uid(got) == by_uid(expected),
                      f"{len(got)} alerts, not {len(expected)}: {said}")
            self.hold("  every frame read", packets_read(said) == packets, said)

    def over_the_wire(self, dpdk, frames, expected):
        ways = [("one worker", 1, "auto", "address"), ("two, by the kernel", 2, "source", "address"),
                ("two, by the kernel's flow hash", 2, "source", "flow"), ("two, handed over", 2, "handover", "address"),
                ("two, handed over by flow", 2, "handover", "flow")]
        ways = [(["-i", "weir-in"], *way) for way in ways]
        if dpdk:
            ways += [(["--port", "net_af_packet0,iface=weir-in"],
                      f"DPDK net_af_packet, {n}", n, "auto", "address") for n in (1, 2)]
        for source, name, workers, steer, by in ways:
            got, said = self.run_until_idle(source, workers, self.config(steer, by), frames)
            self.hold(f"veth, {name}", by_content(got) == expected,
                      f"\n{by_content(got) - expected}\nmore, missing\n{expected - by_content(got)}\n{said}")
            self.hold("  every frame read, none missed", packets_read(said) == len(frames) and missed(said) == 0, said)


def packets_read(said):
    return int(re.search(r"^  packets +([\d,]+)", said, re.M).group(1).replace(",", ""))


def missed(said):
    """All numbers of the `missed` line but the bytes."""
    line = re.search(r"^  missed +(.*)$", said, re.M).group(1)
    return sum(int(n.replace(",", "")) for n in re.findall(r"([\d,]+) (?:packets|by the interface|for want|by Weir)", line))


def send(frames):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind(("weir-out", 0))
        for number, frame in enumerate(frames):
            wire.send(frame)
            # As fast as a busy line, not as a flood: what is tested is the way, not the rate.
            if number % 16 == 0:
                time.sleep(0.001)


def own_network():
    """Puts this process into a new network namespace with a veth pair that says nothing by itself."""
    libc = ctypes.CDLL(None, use_errno=True)
    new_net, new_user = 0x40000000, 0x10000000
    if libc.unshare(new_net) != 0 and libc.unshare(new_user | new_net) != 0:
        raise Failure("a network namespace cannot be made: run as root")
    ip = lambda *args: subprocess.run(["ip", *args], check=True)
    ip("link", "add", "weir-in", "type", "veth", "peer", "name", "weir-out")
    for name in ("weir-in", "weir-out"):
        # No router solicitations among the frames.
        with open(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", "w") as file:
            file.write("1")
        ip("link", "set", name, "mtu", "65000", "up", "arp", "off")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    parser.add_argument("--no-dpdk", action="store_true", help="the build has no DPDK: leave its ways out")
    options = parser.parse_args()
    # Beforehand: /proc of the namespace's owner is still writable afterwards.
    own_network()
    with tempfile.TemporaryDirectory() as folder:
        test = Test(os.path.abspath(options.weir), folder)
        frames, expected = [], collections.Counter()
        try:
            for case in CASES:
                path = os.path.join(ROOT, "pcaps", case, "input.pcap")
                print(f"== {case}", flush=True)
                one = test.replay(path, "--workers", "1")
                if not one:
                    raise Failure(f"{case} gives no alert: it proves nothing here")
                test.from_standard_input(path, one)
                mine = frames_of(path)
                if not options.no_dpdk:
                    test.through_dpdk_file(path, one, len(mine))
                if case not in NOT_ON_THE_WIRE:
                    frames += mine
                    expected += by_content(one)
            print("== all of them over a veth pair", flush=True)
            test.over_the_wire(not options.no_dpdk, frames, expected)
        except Failure as failure:
            print(failure, file=sys.stderr)
            return 1
    print(f"{test.checks} checks hold")
    return 0


if __name__ == "__main__":
    sys.exit(main())
