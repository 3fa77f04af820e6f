#!/usr/bin/python3
"""How the program starts and ends where the system refuses something, files change, or signals come.

    tests/e2e/start_and_end_test.py --weir build/release/weir

Threads, memory and descriptors that the system refuses (prlimit) are an error with exit code 1 and a word about what
is short: never a hang, never a death by a signal. Pipes in the place of files are refused. A capture that shrinks while
it is read is read as far as it is there. Signals end a replay in order, SIGHUP does not end it, and the summary says
what was read. `weir check` and `weir run` agree. A link that is down is told.

Where something must happen "while it reads", a second input, a named pipe, holds the replay at a known packet until
the test lets it go: nothing here depends on how fast anything is. The live part runs in a network namespace of its own
and needs root, or a kernel that gives user namespaces. Exit code 0 when all hold, 1 otherwise.
"""
import argparse
import ctypes
import json
import os
import re
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CAPTURE = os.path.join(ROOT, "pcaps", "http1", "many_hosts", "input.pcap")
HANG = 240  # s; nothing takes a tenth of it
NOBODY = 54321


class Failure(Exception):
    """A check that does not hold; its text is for the reader."""


class Pcap:
    """A little-endian pcap file in memory: its header and its records, with times in ns."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        magic = struct.unpack_from("<I", data)[0]
        unit = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}[magic]
        self.header = data[:24]
        self.records, at = [], 24
        while at < len(data):
            seconds, part, captured = struct.unpack_from("<III", data, at)
            self.records.append((seconds * 10**9 + part * unit, data[at:at + 16 + captured]))
            at += 16 + captured

    def write(self, path, records):
        with open(path, "wb") as file:
            file.write(self.image(records))

    def image(self, records):
        return self.header + b"".join(bytes_ for _, bytes_ in records)


def arp_at(pcap, time_ns):
    """A record with a frame that means nothing, at `time_ns`, in the file's own unit."""
    unit = 1000 if struct.unpack_from("<I", pcap.header)[0] == 0xA1B2C3D4 else 1
    frame = bytes.fromhex("ffffffffffff0200000000010806") + bytes(46)
    return (time_ns, struct.pack("<IIII", time_ns // 10**9, time_ns % 10**9 // unit, len(frame), len(frame)) + frame)


class Test:
    def __init__(self, weir, folder):
        self.weir, self.folder, self.checks = weir, folder, 0
        self.pcap = Pcap(CAPTURE)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def hold(self, what, same, detail=""):
        self.checks += 1
        if not same:
            raise Failure(f"FAIL {what}: {detail}")

    def run(self, *args, stdin=subprocess.DEVNULL, **more):
        """The finished program; a hang is a failure."""
        try:
            return subprocess.run([self.weir, *args], stdin=stdin, capture_output=True, text=True, timeout=HANG, **more)
        except subprocess.TimeoutExpired as hang:
            raise Failure(f"FAIL weir {' '.join(args)} hangs: {hang.stderr}") from hang

    # --- limits -------------------------------------------------------------------------------------------------

    def limited(self, what, limit, args, stdin=None):
        """The program under one limit; as a user without privileges where the limit is not for root."""
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}

        def set_limit():
            resource.setrlimit(what, (limit, limit))

        source = open(stdin, "rb") if stdin else subprocess.DEVNULL
        try:
            return self.run(*args, stdin=source, preexec_fn=set_limit, **user)
        finally:
            if stdin:
                source.close()

    def threads(self):
        stdin = ["replay", "--workers", "3", "--format", "json", "-"]
        files = ["replay", "--workers", "3", "--format", "json", self.path("a.pcap")]
        for args, feed in ((files, None), (stdin, self.path("a.pcap"))):
            refused = began = 0
            for limit in range(1, 10):
                done = self.limited(resource.RLIMIT_NPROC, limit, args, feed)
                self.hold(f"{limit} threads", done.returncode in (0, 1), f"ended with {done.returncode}: {done.stderr}")
                if done.returncode == 1:
                    refused += 1
                    self.hold(f"{limit} threads: says so", "no more threads" in done.stderr, done.stderr)
                else:
                    began += 1
                    self.hold(f"{limit} threads: all alerts", done.stdout.count("\n") == self.alerts,
                              f"{done.stdout.count(chr(10))}, not {self.alerts}")
            self.hold("some limits are too low", refused >= 2, f"{refused} of 9")
            self.hold("some are not", began >= 1 or os.geteuid() != 0, f"{began} of 9")
        kafka = self.write("kafka.yaml", "output: { drain_seconds: 1, kafka: { brokers: 127.0.0.1:1 } }\n")
        for limit in range(1, 8):
            done = self.limited(resource.RLIMIT_NPROC, limit, ["replay", "-c", kafka, "--workers", "1", self.path("a.pcap")])
            self.hold(f"{limit} threads with Kafka", done.returncode == 1, f"ended with {done.returncode}: {done.stderr}")

    def memory(self):
        args = ["replay", "--workers", "2", "--format", "json", self.path("a.pcap")]
        codes = []
        for megabytes in [*range(100, 600, 50), *range(600, 3000, 300)]:
            done = self.limited(resource.RLIMIT_AS, megabytes << 20, args)
            codes.append(done.returncode)
            # 127: the loader itself has no room.
            self.hold(f"{megabytes} MB", done.returncode in (0, 1, 2, 127), f"ended with {done.returncode}: {done.stderr}")
            self.hold(f"{megabytes} MB: a word about it", done.returncode == 0 or done.stderr.strip() != "", "")
        self.hold("some memory is too little", codes[0] != 0, codes)

    def descriptors(self):
        args = ["replay", "--workers", "2", "--format", "json", self.path("a.pcap")]
        codes = []
        for limit in range(3, 24):
            done = self.limited(resource.RLIMIT_NOFILE, limit, args)
            codes.append(done.returncode)
            self.hold(f"{limit} descriptors", done.returncode in (0, 1, 2, 3, 127), f"ended with {done.returncode}")
            self.hold(f"{limit} descriptors: a word about it", done.returncode == 0 or done.stderr.strip() != "", "")
        self.hold("23 are enough", codes[-1] == 0, codes)

    # --- files --------------------------------------------------------------------------------------------------

    def pipes_for_files(self):
        pipe = self.path("pipe.yaml")
        os.mkfifo(pipe)
        packs = os.path.join(self.folder, "packs")
        os.mkdir(packs)
        os.mkfifo(os.path.join(packs, "p.yaml"))
        a = self.path("a.pcap")
        for name, args, word in (
                ("configuration", ["replay", "-c", pipe, a], "is a pipe"),
                ("configuration of check", ["check", "-c", pipe], "is a pipe"),
                ("pack", ["replay", "-c", self.write("c1.yaml", f"match: {{ packs: [{pipe}] }}\n"), a], "is a pipe"),
                ("folder of packs", ["check", "-c", self.write("c2.yaml", f"match: {{ packs: [{packs}] }}\n")], "is a pipe"),
                ("pack of `packs test`", ["packs", "test", pipe], "is a pipe"),
                ("token key", ["replay", "--token-key", pipe, a], "must be a plain file"),
                ("token key of check", ["check", "-c", self.write("c3.yaml", f"tokens: {{ key_file: {pipe} }}\n")],
                 "must be a plain file")):
            done = self.run(*args)
            self.hold(f"a pipe as {name}", done.returncode == 2 and word in done.stderr, (done.returncode, done.stderr))
        done = self.run("replay", "--summary-json", pipe, a)
        self.hold("a pipe nobody reads as summary", done.returncode == 1 and "cannot be written" in done.stderr,
                  (done.returncode, done.stderr))
        cache = os.path.join(self.folder, "cache")
        os.mkdir(cache)
        config = self.write("c4.yaml", f"match: {{ cache_dir: {cache} }}\n")
        self.run("replay", "-c", config, a)
        made = os.listdir(cache)
        self.hold("the cache is one file", len(made) == 1, made)
        os.remove(os.path.join(cache, made[0]))
        os.mkfifo(os.path.join(cache, made[0]))
        done = self.run("replay", "-c", config, a)
        self.hold("a pipe as cache", done.returncode == 0 and "not a cache file" in done.stderr, (done.returncode, done.stderr))

    def held_replay(self, workers, *args):
        """A replay of a.pcap that stands in its middle until release(): the program, and what it has printed."""
        test = self

        class Held:
            def __init__(self):
                self.gate = test.path(f"gate-{workers}")
                if os.path.exists(self.gate):
                    os.remove(self.gate)
                os.mkfifo(self.gate)
                test.pcap.write(test.path("held.pcap"), test.pcap.records)
                self.program = subprocess.Popen(
                    [test.weir, "replay", "--format", "json", "--workers", str(workers), *args, test.path("held.pcap"),
                     self.gate], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                # Opens when the program has opened its end.
                self.pipe = open(self.gate, "wb", buffering=0)
                self.pipe.write(test.pcap.image([arp_at(test.pcap, test.pcap.records[test.middle][0])]))
                self.first = self.program.stdout.readline()

            def release(self):
                self.pipe.close()
                return self.end()

            def end(self):
                try:
                    out, err = self.program.communicate(timeout=HANG)
                except subprocess.TimeoutExpired as hang:
                    self.program.kill()
                    raise Failure(f"FAIL the replay does not end: {hang}") from hang
                if not self.pipe.closed:
                    self.pipe.close()
                return self.program.returncode, self.first + out, err

        return Held()

    def shrinking_captures(self):
        sizes = [0, 24]
        at = 24
        for number, (_, record) in enumerate(self.pcap.records):
            if number > self.middle + 150 and number % 97 == 0:
                sizes += [at, at + 9]
            at += len(record)
        sizes.append(at - 1)
        for workers in (1, 2):
            for size in sizes[::max(1, len(sizes) // 6)] + [sizes[-1]]:
                held = self.held_replay(workers)
                os.truncate(self.path("held.pcap"), size)
                code, out, err = held.release()
                self.hold(f"{workers} workers, cut to {size}", code == 0, (code, err))
                self.hold("  it is said", re.search(r"held\.pcap: (became shorter|truncated)", err), err)
                self.hold("  what was found before is told", out.count("\n") >= 1, out)

    def missing_files(self):
        for quiet in ([], ["-q"]):
            done = self.run("replay", *quiet, self.path("a.pcap"), self.path("missing.pcap"))
            self.hold("a missing file beside a good one", done.returncode == 3, done.returncode)
            self.hold("  is named", f"{self.path('missing.pcap')}: cannot open" in done.stderr, done.stderr)
            self.hold("  and the good one is read", done.stdout.count("\n") == self.alerts, done.stdout)

    # --- signals ------------------------------------------------------------------------------------------------

    def interrupted_replays(self):
        for workers in (1, 2):
            for number in (signal.SIGINT, signal.SIGTERM):
                summary = self.path("summary.json")
                held = self.held_replay(workers, "--summary-json", summary)
                held.program.send_signal(number)
                code, _, err = held.end()
                self.hold(f"{workers} workers, {number.name}", code == 1, (code, err))
                summed = err[max(err.find("Interrupted"), 0):]  # after what is said of a pipe that is waited for
                self.hold("  the summary says so", summed.startswith("Interrupted")
                          and " 0 read to the end, 2 not" in summed, err)
                with open(summary) as file:
                    j = json.load(file)
                self.hold("  for programs too", j["interrupted"] and not any(f["whole"] for f in j["files"]), j)
                self.hold("  one count of packets", sum(f["packets"] for f in j["files"]) == j["packets"]["total"], j)
        done = self.run("replay", "--summary-json", self.path("summary.json"), self.path("a.pcap"))
        with open(self.path("summary.json")) as file:
            j = json.load(file)
        self.hold("a whole replay", done.returncode == 0 and not j["interrupted"] and j["files"][0]["whole"], j)

    def hang_ups(self):
        for workers in (1, 2):
            held = self.held_replay(workers)
            for _ in range(3):
                held.program.send_signal(signal.SIGHUP)
            code, out, err = held.release()
            self.hold(f"{workers} workers, SIGHUP", code == 0, (code, err))
            self.hold("  all alerts come", out.count("\n") == self.alerts, out.count("\n"))

    def signals_at_any_moment(self):
        """When a thread beside the first is there the signal is heard: an end in order, or none for SIGHUP. Before, the
        program may die of it, as any does that has only just been started."""
        kafka = self.write("kafka.yaml", "output: { drain_seconds: 1, kafka: { brokers: 127.0.0.1:1 } }\n")
        for config, most in (([], 5), (["-c", kafka], 6)):
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                for threads in range(1, most + 1):
                    program = subprocess.Popen([self.weir, "replay", *config, "--speed", "real", "--workers", "2",
                                                self.path("long.pcap")], stdin=subprocess.DEVNULL,
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                    await_threads(program, threads)
                    program.send_signal(number)
                    if number == signal.SIGHUP:
                        await_threads(program, most)
                        program.send_signal(signal.SIGTERM)
                    try:
                        code = program.wait(timeout=HANG)
                    except subprocess.TimeoutExpired as hang:
                        program.kill()
                        raise Failure(f"FAIL {number.name} with {threads} threads: hangs") from hang
                    self.hold(f"{number.name} with {threads} threads {config}",
                              code == 1 or (threads == 1 and code == -number), code)

    def readers_that_leave(self):
        for args in (["packs", "list"], ["check", "--reference"], ["check", "--schema"], ["--help"]):
            with subprocess.Popen([self.weir, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
                program.stdout.close()
                err = program.stderr.read()
                code = program.wait(timeout=HANG)
            # It may have written all before the reader left.
            self.hold(f"weir {args[0]}, nobody reads", code in (0, 1) and err == b"", (code, err))
            with open("/dev/full", "wb") as full:
                done = subprocess.run([self.weir, *args], stdout=full, stderr=subprocess.PIPE, text=True, timeout=HANG)
            self.hold(f"weir {args[0]}, a full disk", done.returncode == 1 and "cannot be written" in done.stderr,
                      (done.returncode, done.stderr))
        # Standard error without a reader is no reason to die, with alerts on their way.
        with subprocess.Popen([self.weir, "replay", "-o", self.path("kept.jsonl"), self.path("a.pcap")],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as program:
            program.stderr.close()
            code = program.wait(timeout=HANG)
        with open(self.path("kept.jsonl")) as file:
            kept = file.read().count("\n")
        self.hold("nobody reads standard error", code == 0 and kept == self.alerts, (code, kept))

    # --- words --------------------------------------------------------------------------------------------------

    def check_and_run_agree(self):
        wrong = {
            "filter": "capture: { interface: lo, filter: port port }\n",
            "cpus": "capture: { interface: lo }\nworkers: { cpus: [4095] }\n",
            "buffer": "capture: { interface: lo, buffer: 3GiB }\n",
            "key folder": f"capture: {{ interface: lo }}\ntokens: {{ key_file: {self.folder}/none/k }}\n",
            "output folder": f"capture: {{ interface: lo }}\noutput: {{ file: {self.folder}/none/a }}\n",
            "acks": "capture: { interface: lo }\noutput: { kafka: { brokers: \"h:1\", properties: { acks: 1 } } }\n",
            "unknown property": "capture: { interface: lo }\noutput: { kafka: { brokers: \"h:1\", properties: { ack: 1 } } }\n",
            "prefix": "capture: { interface: lo }\noutput: { kafka: { brokers: \"h:1\", topic_prefix: \"a b\" } }\n",
            "CA file": "capture: { interface: lo }\noutput: { kafka: { brokers: \"h:1\", properties: "
                       "{ security.protocol: ssl, ssl.ca.location: /none/ca.pem } } }\n",
            "dpdk steering": "capture: { steer: source, dpdk: { ports: [net_null0] } }\nworkers: { steer: flow }\n",
        }
        for name, yaml in wrong.items():
            config = self.write("wrong.yaml", yaml)
            said = {}
            for command in (["check"], ["run"], ["replay", self.path("a.pcap")]):
                done = self.run(*command, "-c", config)
                self.hold(f"{name}: {command[0]}", done.returncode == 2, (done.returncode, done.stderr))
                self.hold(f"  {command[0]} names the line", "wrong.yaml:" in done.stderr, done.stderr)
                said[command[0]] = done.stderr.replace(f"weir {command[0]}: ", "")
            self.hold("  in the same words", len(set(said.values())) == 1, said)

    def words_that_would_be_passed_over(self):
        a = self.path("a.pcap")
        for args in (["replay", "--kafka", "", a], ["replay", "-c", "", a], ["replay", "-o", "", a], ["replay", ""],
                     ["replay", "--token-key", "", a], ["replay", "--speed", "", a], ["run", "-i", ""],
                     ["run", "-i", "lo", "--dpdk", "--no-huge"], ["run", "-i", "lo", "--port", "net_null0"],
                     ["run", "-i", "lo", "--end-when-idle", "-1"], ["run", "-i", "lo", "--filter", "port port"],
                     ["replay", "--filter", "port port", a], ["check", "-i", "lo"], ["bench", "--format", "xml", a],
                     ["replay", "--summary-json", self.path("none/s.json"), a]):
            done = self.run(*args)
            self.hold(f"weir {' '.join(args)}", done.returncode == 2 and done.stderr, (done.returncode, done.stderr))
        done = self.run("replay", "--filter", "", a)
        self.hold("an empty filter", done.returncode == 0, done.stderr)
        self.hold("help of a command", self.run("help", "replay").stdout == self.run("replay", "--help").stdout)

    # --- live ---------------------------------------------------------------------------------------------------

    def links(self):
        ip = lambda *args: subprocess.run(["ip", *args], check=True)
        ip("link", "add", "weir-d0", "type", "veth", "peer", "name", "weir-d1")
        ip("link", "set", "weir-d0", "up")
        # No carrier: the other end is down.
        for workers in ("1", "2"):
            done = self.run("run", "-i", "weir-d0", "--workers", workers, "--end-when-idle", "0.0001")
            self.hold(f"{workers} workers, the shortest time ends", done.returncode == 0, (done.returncode, done.stderr))
            self.hold("  no link is told, at the end too", "weir-d0 has no link" in done.stderr and
                      re.search(r"^  device +weir-d0 has no link", done.stderr, re.M), done.stderr)
        ip("link", "set", "weir-d1", "up")
        done = self.run("run", "-i", "weir-d0", "--workers", "2", "--end-when-idle", "0.5", "--filter", "tcp port 1")
        self.hold("with a link nothing is told", done.returncode == 0 and "no link" not in done.stderr, done.stderr)
        self.hold("  what the kernel refuses is not counted, and that is said",
                  'what "tcp port 1" refused stayed in the kernel' in done.stderr, done.stderr)
        with subprocess.Popen([self.weir, "run", "-i", "weir-d0", "--workers", "2"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as program:
            said = ""
            for line in program.stderr:
                said += line
                if "watching" in line:
                    ip("link", "set", "weir-d1", "down")
                if "has no link" in line:
                    break
            program.send_signal(signal.SIGHUP)  # no end
            program.send_signal(signal.SIGTERM)
            said += program.stderr.read()
            code = program.wait(timeout=HANG)
        self.hold("a link that goes is told when it goes", "has no link" in said and code == 0, (code, said))

    def prepare(self):
        os.chmod(self.folder, 0o755)
        records = self.pcap.records
        self.pcap.write(self.path("a.pcap"), records)
        self.middle = len(records) // 2
        done = self.run("replay", "--format", "json", self.path("a.pcap"))
        self.alerts = done.stdout.count("\n")
        self.hold("the capture has alerts", done.returncode == 0 and self.alerts > 0, done.stderr)
        # An hour after the last packet comes another.
        self.pcap.write(self.path("long.pcap"), records + [arp_at(self.pcap, records[-1][0] + 3600 * 10**9)])


def await_threads(program, count):
    """Until the program has so many threads, or is over; a replay that is held back has them all before long."""
    end = time.monotonic() + HANG
    while program.poll() is None and time.monotonic() < end:
        try:
            if len(os.listdir(f"/proc/{program.pid}/task")) >= count:
                return
        except FileNotFoundError:
            return


def own_network():
    libc = ctypes.CDLL(None, use_errno=True)
    new_net, new_user = 0x40000000, 0x10000000
    if libc.unshare(new_net) != 0 and libc.unshare(new_user | new_net) != 0:
        raise Failure("a network namespace cannot be made: run as root")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    parser.add_argument("parts", nargs="*", help="names of checks; all without")
    options = parser.parse_args()
    parts = ["threads", "memory", "descriptors", "pipes_for_files", "shrinking_captures", "missing_files",
             "interrupted_replays", "hang_ups", "signals_at_any_moment", "readers_that_leave", "check_and_run_agree",
             "words_that_would_be_passed_over", "links"]
    with tempfile.TemporaryDirectory() as folder:
        test = Test(os.path.abspath(options.weir), folder)
        try:
            test.prepare()
            for part in options.parts or parts:
                print(f"== {part.replace('_', ' ')}", flush=True)
                if part == "links":
                    own_network()
                getattr(test, part)()
        except Failure as failure:
            print(failure, file=sys.stderr)
            return 1
    print(f"{test.checks} checks hold")
    return 0


if __name__ == "__main__":
    sys.exit(main())
