#!/usr/bin/env python3
"""Measures Weir's speed goals side by side and prints them as a table.

    tests/bench/run.py BUILD_DIR [--megabytes N] [--rounds N] [--scale]

Every figure is the median of several rounds in which all contestants take turns on one pinned core (two cores
for the comparison of two workers with one); a ratio is the median of the rounds' own ratios, so that a machine
whose speed drifts compares like with like. The captures are made anew from a fixed seed, under BUILD_DIR.
Suricata is compared with when it is installed; this script installs nothing. --scale adds goal 10 (memory with a
million flows, by their state) and the cost of a packet as the number of flows grows; it takes some minutes and about
2 GB under BUILD_DIR, one capture at a time.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SURICATA_HINT = ("Suricata is not installed: goals 1 and 2 are left out. On Debian 12: add bookworm-backports, then "
                 "apt-get install -t bookworm-backports suricata")


def run(command, cores="0"):
    done = subprocess.run(["taskset", "-c", cores, *map(str, command)], check=True, capture_output=True, text=True)
    return done.stdout


def last_json(text):
    return json.loads(text.strip().splitlines()[-1])


class Contest:
    """Contestants by name, each a function that gives one figure; rounds take turns."""

    def __init__(self, rounds):
        self.rounds = rounds
        self.contestants = {}

    def add(self, name, function):
        self.contestants[name] = function

    def run(self):
        """Plays the rounds; then median() and ratio() answer."""
        self.figures = {name: [] for name in self.contestants}
        for number in range(self.rounds):
            for name, function in self.contestants.items():
                print(f"\rround {number + 1}/{self.rounds}: {name:<32}", end="", file=sys.stderr, flush=True)
                self.figures[name].append(function())
        print("\r" + " " * 60 + "\r", end="", file=sys.stderr)

    def median(self, name):
        return statistics.median(self.figures[name])

    def ratio(self, one, other):
        return statistics.median(a / b for a, b in zip(self.figures[one], self.figures[other]))


def weir_rate(weir, capture, stage="alert", workers=1, packets=False, core="0"):
    """Gbit/s of frames, or packets/s, up to `stage`."""
    cores = core if workers == 1 else "0,1"
    figure = last_json(run([weir, "bench", "--format", "json", "--runs", 1, "--stage", stage, "--workers", workers,
                            capture], cores))
    if packets:
        return figure["packets_per_second"]
    return figure["bytes"] * 8 / figure["seconds"] / 1e9


def two_programs(weir, capture):
    """Gbit/s of two runs at once, a core each: what this machine gives to two of anything."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return sum(pool.map(lambda core: weir_rate(weir, capture, core=core), "01"))


def engine_rate(engines, *words):
    figure = last_json(run([engines, *words]))
    return figure["bytes"] * 8 / figure["seconds"] / 1e9


def suricata_rules(path):
    lines = [line.rstrip("\n").split("\t") for line in open(HERE / "expressions.tsv", encoding="utf-8")
             if line.strip() and not line.startswith("#")]
    with open(path, "w", encoding="utf-8") as out:
        for number, columns in enumerate(lines, 1):
            text = columns[1].replace("/", "\\/").replace(";", "\\;").replace('"', '\\"')
            out.write(f'alert http any any -> any any (msg:"{columns[0]}"; flow:established,to_client; file_data; '
                      f'pcre:"/{text}/"; sid:{number}; rev:1;)\n')


def suricata_seconds(capture, rules, folder):
    """Wall time of one run over the capture, one worker, less that of one over its first packet alone."""
    def once(file):
        command = ["suricata", "-r", str(file), "-l", str(folder), "-S", str(rules), "--runmode", "single",
                   "--set", "outputs.0.fast.enabled=no", "--set", "outputs.1.eve-log.enabled=no",
                   "--set", "outputs.7.stats.enabled=no", "--set", "stats.enabled=no",
                   "--set", "app-layer.protocols.http.libhtp.default-config.response-body-limit=0",
                   "--set", "stream.reassembly.depth=0", "-k", "none"]
        begin = time.monotonic()
        run(command)
        return time.monotonic() - begin
    first = folder / "first.pcap"
    with capture.open("rb") as whole:
        head = whole.read(24 + 16)
        first.write_bytes(head + whole.read(int.from_bytes(head[32:36], "little")))
    return max(once(capture) - once(first), 1e-3)


STATES = (("half_open", "half open: a SYN"), ("open", "established, no data yet"),
          ("exchanged", "established, one HTTP exchange done"), ("ahead", "the same, one segment waiting for another"))
GIB = 2 ** 30


def weir_memory(weir, config, capture, stage):
    """Peak resident bytes of a run up to `stage`."""
    return last_json(run([weir, "bench", "-c", config, "--format", "json", "--runs", 1, "--stage", stage, capture]))[
        "peak_mb"] * 1e6


def scale(weir, traffic, data, rounds):
    """Prints memory by a flow's state and what a packet costs by the number of flows. Returns GiB with 1 M idle flows."""
    config = data / "scale.yaml"
    config.write_text("flow: {memory: 16GiB, max_flows: 8000000}\nreassembly: {memory: 8GiB}\ncontent: {memory: 8GiB}\n")
    capture = data / "scale.pcap"
    flows = 1_000_000
    print("Memory of 1,000,000 flows, all stages, without what the capture itself takes:\n")
    print("| state | bytes a flow | GiB in all |\n|---|---|---|")
    idle = 0.0
    for name, title in STATES:
        run([traffic, "state", name, flows, capture])
        taken = weir_memory(weir, config, capture, "alert") - weir_memory(weir, config, capture, "capture")
        print(f"| {title} | {taken / flows:.0f} | {taken / GIB:.2f} |", flush=True)
        if name == "exchanged":
            idle = taken / GIB
    print("\nns of a flow's first packet with its end, and of every other packet (64 bytes, flows at random, decode to "
          "reassembly), as flows grow:\n")
    print("| flows | first and end | others | M packets/s |\n|---|---|---|---|")
    others = 4_000_000
    for count in (1_000, 10_000, 100_000, 1_000_000, 4_000_000):
        seconds = []
        for packets in (count, count + others):
            run([traffic, "flows", count, packets, capture])
            seconds.append(statistics.median(last_json(run(
                [weir, "bench", "-c", config, "--format", "json", "--runs", 1, "--stage", "reassembly", capture]))[
                    "seconds"] for _ in range(rounds)))
        other = (seconds[1] - seconds[0]) / others * 1e9
        print(f"| {count:,} | {seconds[0] / count * 1e9:.0f} | {other:.0f} | {1e3 / other:.1f} |", flush=True)
    capture.unlink()
    print()
    return idle


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", action="store_true", help="also goal 10 and what many flows cost")
    options = parser.parse_args()
    weir = options.build / "weir"
    engines = options.build / "tests/bench/bench_engines"
    traffic = options.build / "tests/bench/bench_traffic"
    data = options.build / "bench-data"
    data.mkdir(exist_ok=True)
    size = {}
    for kind in ("text", "json", "hostile"):
        capture, payload = data / f"{kind}.pcap", data / f"{kind}.bin"
        run([traffic, kind, options.megabytes, capture, payload])
        size[kind] = payload.stat().st_size
    run([traffic, "flows", 1_000_000, 6_000_000, data / "flows.pcap"])
    # What senders made to cost time: each a capture of its own.
    hostile = dict(line.split("\t") for line in run([traffic, "names"]).splitlines())
    (data / "hostile").mkdir(exist_ok=True)
    for name in hostile:
        run([traffic, "named", name, max(1, options.megabytes // 10), data / "hostile" / f"{name}.pcap"])
    text = data / "text.pcap"
    detectors = len(run([weir, "packs", "list"]).splitlines()) - 1

    contest = Contest(options.rounds)
    contest.add("weir text", lambda: weir_rate(weir, text))
    contest.add("hs written", lambda: engine_rate(engines, "hs", data / "text.bin", HERE / "expressions.tsv", "written"))
    contest.add("hs reshaped", lambda: engine_rate(engines, "hs", data / "text.bin", HERE / "expressions.tsv", "reshaped"))
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        has_suricata = shutil.which("suricata") is not None
        if has_suricata:
            (folder / "none.rules").write_text("")
            suricata_rules(folder / "pcre.rules")
            frames = text.stat().st_size * 8 / 1e9
            contest.add("suricata no rules", lambda: frames / suricata_seconds(text, folder / "none.rules", folder))
            contest.add("suricata 22 rules", lambda: frames / suricata_seconds(text, folder / "pcre.rules", folder))
        contest.add("weir two workers", lambda: weir_rate(weir, text, workers=2))
        contest.add("weir twice at once", lambda: two_programs(weir, text))
        contest.add("weir json", lambda: weir_rate(weir, data / "json.pcap"))
        contest.add("weir mixed hostile", lambda: weir_rate(weir, data / "hostile.pcap"))
        for name in hostile:
            contest.add(name, lambda name=name: weir_rate(weir, data / "hostile" / f"{name}.pcap"))
        contest.add("weir reassembly", lambda: weir_rate(weir, text, stage="reassembly"))
        contest.add("libpcap", lambda: engine_rate(engines, "pcap", text))
        contest.add("weir flows", lambda: weir_rate(weir, data / "flows.pcap", stage="flow", packets=True))
        contest.run()

    share = size["text"] / text.stat().st_size  # of payload in the frames
    rows = []

    def row(number, what, value, floor, goal, unit="×"):
        verdict = "goal" if value >= goal else "floor" if value >= floor else "below"
        rows.append(f"| {number} | {what} | {value:.2f}{unit} | {floor}{unit} | {goal}{unit} | {verdict} |")

    if has_suricata:
        row(1, f"weir, {detectors} detectors ÷ Suricata with 22 PCRE rules", contest.ratio("weir text", "suricata 22 rules"), 8, 15)
        row(2, f"weir, {detectors} detectors ÷ Suricata without rules", contest.ratio("weir text", "suricata no rules"), 1.2, 2.5)
    row(3, f"weir, {detectors} detectors ÷ raw hs_scan, 22 expressions as written", share * contest.ratio("weir text", "hs written"), 2, 4.5)
    row(4, f"weir, {detectors} detectors ÷ raw hs_scan, 22 reshaped", share * contest.ratio("weir text", "hs reshaped"), 0.6, 1.0)
    row(5, "capture to reassembly ÷ the libpcap loop", contest.ratio("weir reassembly", "libpcap"), 0.6, 1.5)
    row(6, "64-byte packets, decode and flow, 1 M flows (M packets/s)", contest.median("weir flows") / 1e6, 4, 10, "")
    row(7, "two workers ÷ one, two cores ÷ one", contest.ratio("weir two workers", "weir text"), 1.7, 1.95)
    row(8, "digit-rich JSON ÷ document text", contest.ratio("weir json", "weir text"), 0.25, 0.5)
    worst = min(hostile, key=contest.median)
    row(9, f"the worst of {len(hostile)} named hostile inputs: {worst} (Gbit/s)", contest.median(worst), 0.3, 1.0, "")

    if options.scale:
        idle = scale(weir, traffic, data, options.rounds)
        verdict = "goal" if idle <= 0.6 else "floor" if idle <= 2 else "below"
        rows.append(f"| 10 | resident memory with 1 M idle flows | {idle:.2f} GiB | 2 GiB | 0.6 GiB | {verdict} |")
    print("| # | what | here | floor | goal | reached |\n|---|---|---|---|---|---|")
    print("\n".join(rows))
    print()
    print(f"Medians of {options.rounds} rounds, one pinned core, {options.megabytes} MB of bodies, Gbit/s of frames "
          "(raw hs_scan: of payload):")
    for name in contest.contestants:
        if name in hostile:
            continue
        value = contest.median(name)
        print(f"  {name:<20} {value / 1e6:.2f} M packets/s" if name == "weir flows" else f"  {name:<20} {value:.2f}")
    print(f"\nTwo runs of one worker at once, a core each, are {contest.ratio('weir twice at once', 'weir text'):.2f}× one: "
          "what this machine gives to line 7 at most.")
    print("\nNamed hostile inputs, Gbit/s of frames:\n\n| input | what it is | Gbit/s |\n|---|---|---|")
    for name in sorted(hostile, key=contest.median):
        print(f"| {name} | {hostile[name]} | {contest.median(name):.2f} |")
    if not has_suricata:
        print("\n" + SURICATA_HINT)


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C.UTF-8"
    main()
