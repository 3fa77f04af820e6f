#!/usr/bin/python3
"""Random captures that state their own totals (random_captures.py), and what Weir says of them, with one worker and two.

    tests/golden/random_truth_test.py --weir build/release/weir [--seeds 20]

Each test makes captures of one kind, so that the generator knows not only what was sent but what becomes of it: text
that must be read to the last byte, streams that must be counted as encrypted, bodies that nobody can read, flows deeper than
a limit, more open bodies than a budget has room for.
"""
import argparse
import os
import sys
import tempfile

import truth
from random_captures import Capture, gzip_of
from truth_test import private_key


class Bench:
    def __init__(self, weir, folder):
        self.weir, self.folder = weir, folder
        self.key = private_key(folder)

    def run(self, capture, *options):
        path = os.path.join(self.folder, "random.pcap")
        capture.write(path)
        summary, alerts, items = truth.observe(self.weir, path, self.key, *options)
        truth.check(summary, alerts, items)
        said = capture.said
        equal("packets", summary["packets"]["total"], said["packets"])
        equal("kinds", summary["packets"]["kinds"], {k[5:]: n for k, n in said.items() if k.startswith("kind ")})
        equal("payload seen", summary["payload"]["seen"], said["seen"])
        equal("snaplen", summary["payload"]["unread"].get("snaplen", 0), said["snaplen"])
        return summary, items

    def config(self, text):
        path = os.path.join(self.folder, "weir.yaml")
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path


def equal(what, weir, expected):
    truth.expect(weir == expected, f"{what}: weir says {weir}, the generator {expected}")


def text_is_read_to_the_last_byte(bench, seed):
    capture = Capture(seed)
    capture.text_streams(12)
    capture.datagrams(10)
    summary, items = bench.run(capture)
    payload = summary["payload"]
    equal("unread", payload["unread"], {})
    once = capture.said["stream bytes"] + capture.said["datagram bytes"]
    # Whatever comes again is the same.
    equal("other versions", [i for i in items if i["kind"] == "conflict"], [])
    equal("read", payload["read"], once)
    equal("in items", sum(i["wire_bytes"] for i in items), once)
    equal("duplicate", payload["duplicate"], capture.said["seen"] - once)


def tls_is_encrypted_to_the_last_byte(bench, seed):
    capture = Capture(seed)
    capture.tls_streams(12)
    summary, _ = bench.run(capture)
    equal("encrypted", summary["payload"]["unread"], {"encrypted": capture.said["tls bytes"]})
    equal("read", summary["payload"]["read"], 0)
    equal("protocols", {name: row["flows"] for name, row in summary["protocols"].items()}, {"tls": 12})


def disordered_tls_is_encrypted_or_repeated(bench, seed):
    capture = Capture(seed)
    capture.tls_streams(12, mangle=True)
    summary, _ = bench.run(capture)
    payload = summary["payload"]
    encrypted = payload["unread"].get("encrypted", 0)
    equal("encrypted and repeated", encrypted + payload["duplicate"] + payload["read"], capture.said["seen"])
    truth.expect(encrypted >= 0.9 * capture.said["tls bytes"], f"only {encrypted} of {capture.said['tls bytes']} encrypted")


def bodies_are_read_or_say_why(bench, seed):
    capture = Capture(seed)
    capture.http_streams(25)
    summary, _ = bench.run(capture)
    equal("unsupported", summary["payload"]["unread"].get("unsupported", 0), capture.said["unsupported"])
    equal("reasons", set(summary["payload"]["unread"]) - {"unsupported", "undecodable"}, set())


def frames_without_transport_are_counted_by_kind(bench, seed):
    capture = Capture(seed)
    capture.garbage(300)
    summary, items = bench.run(capture)
    equal("pieces of datagrams", len(items), capture.said["pieces"])
    equal("read", summary["payload"]["read"], capture.said["seen"] - capture.said["chance"])
    equal("undecodable", summary["payload"]["unread"].get("undecodable", 0), capture.said["chance"])


def everything_at_once(bench, seed):
    capture = Capture(seed)
    capture.text_streams(5)
    capture.snapped_streams(5)
    capture.datagrams(5)
    capture.tls_streams(5, mangle=True)
    capture.http_streams(10)
    capture.garbage(50)
    bench.run(capture)


def a_depth_is_held_to_the_byte(bench, seed):
    capture = Capture(seed)
    depth, deeper, read = 4096, 0, 0
    for _ in range(20):
        sides = [0, 0]
        talk = []
        for side in (0, 1, 0, 1):
            text = capture.text(capture.random.randrange(1, 6000))
            sides[side] += len(text)
            talk.append((side, text))
        capture.conversation(9000, talk)
        deeper += sum(max(0, n - depth) for n in sides)
        read += sum(min(n, depth) for n in sides)
    summary, items = bench.run(capture, "-c", bench.config(f"inspect:\n  depth: {depth}\n"))
    equal("depth", summary["payload"]["unread"].get("depth", 0), deeper)
    equal("read", summary["payload"]["read"], read)
    equal("in items", sum(i["wire_bytes"] for i in items), read)


def what_is_excluded_is_not_read(bench, seed):
    capture = Capture(seed)
    capture.text_streams(4, mangle=False)
    capture.datagrams(4)
    capture.tls_streams(2)
    config = bench.config("inspect:\n  exclude:\n    networks: [10.2.0.1, 'fd00::a02:1']\n")
    summary, items = bench.run(capture, "-c", config)
    payload = summary["payload"]
    equal("excluded", payload["unread"], {"excluded": payload["seen"] - payload["duplicate"]})
    equal("items", items, [])
    equal("protocols", set(summary["protocols"]) - {"no payload"}, {"excluded"})


def an_excluded_host_is_not_read(bench, seed):
    capture = Capture(seed)
    capture.http_streams(20)
    config = bench.config("inspect:\n  exclude:\n    hosts: ['*.example']\n")
    summary, items = bench.run(capture, "-c", config)
    # Start lines, blank lines and chunk sizes are no items: understood, and nothing else.
    truth.expect(set(summary["payload"]["unread"]) == {"excluded"}, f"unread: {summary['payload']['unread']}")
    for item in items:
        if item["kind"] in ("url", "headers", "body") and "host" in item:  # an answer of unknown request has none
            equal(f"excluded of {item}", item.get("unread", {}).get("excluded"), item["wire_bytes"])
    truth.expect(any(item["kind"] == "body" and "host" in item for item in items), "no body at all")


def a_full_budget_is_told(bench, seed):
    """Three hundred gzip bodies open at once need more than 16 MiB of decoders."""
    capture = Capture(seed)
    body = gzip_of(capture.random.randbytes(3000) + capture.text(3000))[:-50]
    head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: 100000\r\n\r\n"
    for _ in range(300):
        capture.conversation(80, [(0, head + body)], end=False)
    options = ("-c", bench.config("content:\n  memory: 16MiB\n"))
    path = os.path.join(bench.folder, "random.pcap")
    capture.write(path)
    # How much of it there is room for depends on the number of workers: each has its share. The sums hold for both.
    for workers in ("1", "2"):
        out = os.path.join(bench.folder, "summary.json")
        alerts = truth.replay(bench.weir, path, "--workers", workers, "--format", "json", "--summary-json", out, *options)
        items = truth.replay(bench.weir, path, "--items", *options) if workers == "1" else []
        with open(out, encoding="utf-8") as source:
            summary = truth.json.load(source)
        truth.check(summary, alerts, items)
        equal("payload seen", summary["payload"]["seen"], capture.said["seen"])
        truth.expect(summary["payload"]["unread"].get("memory", 0) > len(body), f"no memory was refused: {summary['payload']}")


TESTS = (text_is_read_to_the_last_byte, tls_is_encrypted_to_the_last_byte, disordered_tls_is_encrypted_or_repeated,
         bodies_are_read_or_say_why, frames_without_transport_are_counted_by_kind, everything_at_once,
         a_depth_is_held_to_the_byte, what_is_excluded_is_not_read, an_excluded_host_is_not_read)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weir", default="build/release/weir", help="the program (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=5, help="captures of each kind (default: %(default)s)")
    options = parser.parse_args()
    failed = 0
    runs = [(test, seed) for test in TESTS for seed in range(1, options.seeds + 1)] + [(a_full_budget_is_told, 1)]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(os.path.abspath(options.weir), folder)
        for test, seed in runs:
            try:
                test(bench, seed)
            except truth.Untrue as error:
                failed += 1
                print(f"FAIL  {test.__name__}, seed {seed}\n      " + str(error).replace("\n", "\n      "))
    print(f"{len(runs) - failed} of {len(runs)} captures hold")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
