#!/usr/bin/python3
"""Where alerts go, with the program itself: files that are rotated, pipes that nobody reads, full devices, signals.

    tests/e2e/output_test.py --weir build/release/weir

Every case ends with the account of the program's own summary, which must add up at each sink: alerts and updates
made = delivered + folded + lost + not_delivered + held_back; and with what really arrived. The live cases watch the
loopback of a network namespace that this program makes for itself: root, or a kernel that gives user namespaces.
"""
import argparse
import ctypes
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEIR = None
LIMIT = 120  # seconds; only ever waited for in full by a test that fails


def own_network():
    libc = ctypes.CDLL(None, use_errno=True)
    new_net, new_user = 0x40000000, 0x10000000
    if libc.unshare(new_net) != 0 and libc.unshare(new_user | new_net) != 0:
        raise RuntimeError("a network namespace cannot be made: run as root")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def captures():
    files = sorted(str(path) for path in ROOT.glob("pcaps/http1/*/input.pcap*"))
    assert files
    return files


def checksum(header):
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~total & 0xFFFF)


def write_slow_capture(path, count):
    """Datagrams that hold an identity number each, a hundredth of a second apart."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for n in range(count):
            text = f"身份证号: 110101199003078670 {n}".encode()
            udp = struct.pack("!HHHH", 1024 + n % 60000, 5000, 8 + len(text), 0) + text
            ip = struct.pack("!BBHHHBBH4B4B", 0x45, 0, 20 + len(udp), n & 0xFFFF, 0, 64, 17, 0, 10, 1, 2, 3, 203, 0, 113, 9)
            frame = b"\2" * 6 + b"\4" * 6 + b"\x08\0" + ip[:10] + checksum(ip) + ip[12:] + udp
            out.write(struct.pack("<IIII", 1_700_000_000 + n // 100, n % 100 * 10_000, len(frame), len(frame)) + frame)


def until(condition, what):
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"in vain waited for: {what}")
        time.sleep(0.02)


class Output(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir_output_"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.summary = self.folder / "summary.json"
        self.file = self.folder / "alerts.jsonl"
        self.programs = []
        self.addCleanup(self.end_programs)

    def end_programs(self):
        for program in self.programs:
            if program.poll() is None:
                program.kill()
            program.wait()
            for pipe in (program.stdout, program.stderr):
                if pipe is not None:
                    pipe.close()

    def start(self, *args, **more):
        more.setdefault("stdout", subprocess.PIPE)
        more.setdefault("stderr", subprocess.PIPE)
        program = subprocess.Popen([WEIR, *map(str, args), "--summary-json", str(self.summary)], **more)
        self.programs.append(program)
        return program

    def config(self, text):
        path = self.folder / "weir.yaml"
        path.write_text(text)
        return path

    def account(self):
        """The summary's alerts and sinks, each checked to add up."""
        summary = json.loads(self.summary.read_text())
        alerts = summary["alerts"]
        made = alerts["total"] + alerts["updates"]
        for sink in summary["sinks"]:
            self.assertEqual(made, sum(sink[key] for key in ("delivered", "folded", "lost", "not_delivered", "held_back")),
                             json.dumps(summary["sinks"]))
        self.assertEqual(made, alerts["written"] - alerts["storms"] + alerts["folded"] + alerts["lost"])
        return made, {sink["name"]: sink for sink in summary["sinks"]}

    def lines(self, path):
        text = pathlib.Path(path).read_text()
        self.assertTrue(text == "" or text.endswith("\n"), "a torn line")
        return [json.loads(line) for line in text.splitlines()]

    def alerts_in(self, records):
        return sum(record["count"] for record in records)

    # Replays.

    def test_a_full_device_ends_with_1(self):
        for form in ("text", "json"):
            with open("/dev/full", "w") as full:
                program = self.start("replay", "--all", "--format", form, *captures(), stdout=full)
                _, errors = program.communicate(timeout=LIMIT)
            self.assertEqual(program.returncode, 1, errors)
            self.assertIn(b"standard output: No space left on device", errors)
            made, sinks = self.account()
            self.assertEqual(sinks["standard output"]["delivered"], 0)

    def test_a_closed_standard_output_is_an_error_where_nothing_else_is_given(self):
        command = f'exec "{WEIR}" replay --all "$@" >&-'
        done = subprocess.run(["sh", "-c", command, "sh", *captures()], capture_output=True, timeout=LIMIT)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"standard output is closed, and no other output is given", done.stderr)
        done = subprocess.run(["sh", "-c", command, "sh", "-o", self.file, "-q", *captures()], capture_output=True,
                              timeout=LIMIT)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertGreater(len(self.lines(self.file)), 20)

    def test_a_reader_who_has_enough_ends_it_without_a_word(self):
        capture = self.folder / "slow.pcap"
        write_slow_capture(capture, 60_000)  # ten minutes
        for args in (("--format", "json"), ("--format", "text"), ("--items",)):
            program = self.start("replay", "--all", "--speed", "real", *args, capture)
            self.assertTrue(program.stdout.readline())
            program.stdout.close()
            errors = program.stderr.read()
            self.assertEqual(program.wait(LIMIT), 1)
            self.assertEqual(errors, b"")
            self.account()

    def test_a_pipe_that_nobody_reads_does_not_keep_a_replay_from_ending(self):
        # Text and items alone would not fill a pipe: it is made small, and full.
        for args in (("--format", "json"), ("--format", "text"), ("--items",)):
            ours, its = os.pipe()
            os.set_blocking(its, False)
            try:
                while True:
                    os.write(its, b"\n" * 4096)
            except BlockingIOError:
                pass
            os.set_blocking(its, True)
            program = self.start("replay", "--all", *args, *captures(), stdout=its)
            os.close(its)
            self.assertIn(b"standard output: its reader takes nothing", program.stderr.readline())
            # The first ends the reading, or the wait where the reading is over; the second ends the wait.
            program.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            program.send_signal(signal.SIGTERM)
            self.assertEqual(program.wait(LIMIT), 1)
            os.close(ours)
            self.assertIn(b"not delivered", program.stderr.read())
            made, sinks = self.account()
            if sinks:
                self.assertEqual(sinks["standard output"]["delivered"], 0)

    def test_a_full_disk_is_waited_for_and_the_lines_that_fit_are_there(self):
        config = self.config("output: { stdout: false, drain_seconds: 1 }\n")
        limit = 20_000
        program = self.start("replay", "-c", config, "--all", "-o", self.file, "-q", *captures(),
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        # The summary cannot be larger than the limit either; it is not.
        _, errors = program.communicate(timeout=LIMIT)
        self.assertEqual(program.returncode, 1, errors)
        self.assertIn(b"File too large", errors)
        made, sinks = self.account()
        there = self.lines(self.file)
        self.assertGreater(len(there), 0)
        sink = sinks[f"file {self.file}"]
        self.assertEqual(sink["delivered"], len(there))
        self.assertEqual(sink["not_delivered"], made - len(there))

    def test_a_named_pipe_is_waited_for(self):
        os.mkfifo(self.file)
        program = self.start("replay", "--all", "-o", self.file, *captures(), stdout=subprocess.DEVNULL)
        said = program.stderr.readline()
        self.assertIn(b"nobody reads it", said)
        self.assertIsNone(program.poll())
        with open(self.file, "rb") as reader:
            got = reader.read()
        program.stderr.read()
        self.assertEqual(program.wait(LIMIT), 0)
        made, sinks = self.account()
        self.assertEqual(sinks[f"file {self.file}"]["delivered"], made)
        numbers = {json.loads(line)["metadata"]["sequence"] for line in got.splitlines()}
        self.assertEqual(len(numbers), made)

    # Live.

    def send(self, count):
        """Datagrams that hold an identity number each: an alert each."""
        for n in range(count):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto("身份证号: 110101199003078670\n".encode() + str(n).encode(), ("127.0.0.1", 9))

    def watch(self, *args, **more):
        program = self.start("run", "-i", "lo", "--all", "--workers", "1", *args, **more)
        line = program.stderr.readline()
        while b"watching" not in line:
            self.assertTrue(line, "it ended")
            line = program.stderr.readline()
        return program

    def finish(self, program, code=0):
        program.send_signal(signal.SIGTERM)
        errors = program.stderr.read()
        self.assertEqual(program.wait(LIMIT), code, errors)

    def count(self, *paths):
        """Ends of lines, in files that may be written to just now: a part of a write may be seen."""
        return sum(pathlib.Path(path).read_bytes().count(b"\n") for path in paths if pathlib.Path(path).exists())

    def test_a_live_file_has_its_alerts_at_once_and_may_be_rotated(self):
        program = self.watch("-o", self.file)
        old = self.folder / "old"
        sent, kept = 0, 0
        for way in ("nothing", "moved", "moved and made", "deleted", "copied and cut", "moved, and a hang-up"):
            self.send(5)
            sent += 5
            until(lambda: kept + self.count(self.file) == sent, f"lines after: {way}")
            if way == "moved":
                self.file.rename(old)
            elif way == "moved and made":
                self.file.rename(old)
                self.file.touch()
            elif way == "deleted":
                kept += len(self.lines(self.file))
                self.file.unlink()
                continue
            elif way == "copied and cut":
                shutil.copyfile(self.file, old)
                os.truncate(self.file, 0)
            elif way == "moved, and a hang-up":
                self.file.rename(old)
                program.send_signal(signal.SIGHUP)
                until(self.file.exists, "the new file")
            if old.exists():
                kept += len(self.lines(old))
                old.unlink()
        self.send(5)
        sent += 5
        until(lambda: kept + self.count(self.file) == sent, "lines at the end")
        self.finish(program)
        self.assertEqual(kept + len(self.lines(self.file)), sent)
        made, sinks = self.account()
        self.assertEqual(made, sent)
        self.assertEqual(sinks[f"file {self.file}"]["delivered"], sent)

    def test_a_stuck_reader_takes_nothing_from_the_file_and_does_not_hold_up_the_end(self):
        config = self.config("output: { stdout: true, drain_seconds: 1 }\ncapture: { buffer: 32MiB }\n")
        ours, its = os.pipe()  # read by nobody
        program = self.watch("-c", config, "--format", "json", "-o", self.file, stdout=its)
        os.close(its)
        count = 12_000  # more than the queue of a sink, and the pipe, hold
        for part in range(0, count, 500):
            self.send(500)
            until(lambda: self.count(self.file) == part + 500, f"{part + 500} lines in the file")
        self.finish(program, 1)
        # What was in the pipe is still there for its reader.
        os.set_blocking(ours, False)
        read = b""
        try:
            while piece := os.read(ours, 1 << 16):
                read += piece
        except BlockingIOError:
            pass
        os.close(ours)
        made, sinks = self.account()
        self.assertEqual(made, count)
        self.assertEqual(sinks[f"file {self.file}"]["delivered"], count)
        self.assertEqual(len(self.lines(self.file)), count)
        stuck = sinks["standard output"]
        self.assertEqual(stuck["delivered"], read.count(b"\n"))
        self.assertEqual(stuck["not_delivered"], count - stuck["delivered"])

    def test_a_live_run_ends_when_its_only_reader_has_gone(self):
        program = self.watch("--format", "json")
        self.send(1)
        self.assertTrue(program.stdout.readline())
        program.stdout.close()
        errors = program.stderr.read()
        self.assertEqual(program.wait(LIMIT), 1)
        self.assertIn(b"no output is left", errors)
        self.account()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True, type=pathlib.Path)
    OPTIONS, rest = parser.parse_known_args()
    WEIR = str(OPTIONS.weir.resolve())
    own_network()
    unittest.main(argv=sys.argv[:1] + rest, verbosity=2)
