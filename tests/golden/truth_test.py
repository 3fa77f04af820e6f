#!/usr/bin/python3
"""Holds what Weir says it saw and read of every golden capture against tshark's count of the same packets.

    tests/golden/truth_test.py --weir build/release/weir [CASE…]

For each case, with one worker and with two:
  packets    as many as capinfos counts, and the kinds add up to them
  seen       transport payload as tshark counts it: tcp.len and udp.length - 8, of the innermost header; a case in
             which tshark cannot know says why (tshark_payload_differs in its case.yaml)
  payload    the account that the case's script made, where it made one (payload in its case.yaml), number by number
  sums       seen = read + duplicate + unread by reason, in all and by protocol; the protocols' add up to the total
  items      what is said to be read is in items, byte for byte where the protocol has no framing of its own
  alerts     an alert's inspection is that of its item

Exit code 0 when all cases hold, 1 otherwise. Needs tshark and capinfos.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

import truth
from run import PCAPS, Failure, all_cases, input_of, load_case


def private_key(folder):
    """The program refuses a key that others may read; a checkout cannot keep the mode."""
    key = os.path.join(folder, "token.key")
    shutil.copyfile(os.path.join(PCAPS, "test-token.key"), key)
    os.chmod(key, 0o600)
    return key


def tshark_payload(capture):
    """Transport payload in bytes: what each frame's innermost TCP or UDP header says, unless an ICMP error quotes it."""
    fields = ["frame.protocols", "tcp.len", "udp.length"]
    command = ["tshark", "-r", capture, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=,"]
    for field in fields:
        command += ["-e", field]
    out = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    total = 0
    for line in out.splitlines():
        protocols, tcp, udp = (line.split("\t") + ["", ""])[:3]
        chain = protocols.split(":")
        if chain[-1] == "arp":  # in a tunnel: the datagram around it is not read as one
            continue
        layers = [p for p in chain if p in ("tcp", "udp", "icmp", "icmpv6")]
        if not layers or "icmp" in layers or "icmpv6" in layers:
            continue
        if layers[-1] == "tcp" and tcp:
            total += int(tcp.split(",")[-1])
        elif layers[-1] == "udp" and udp:
            total += int(udp.split(",")[-1]) - 8
    return total


def packet_count(capture):
    out = subprocess.run(["capinfos", "-c", "-M", "-T", "-r", capture], capture_output=True, check=True, text=True).stdout
    return int(out.split("\t")[-1])


def check_case(weir, name, key):
    case, capture = load_case(name), input_of(name)
    options = case.get("args", [])
    truth.expect("--filter" not in options, "a case with a filter: this test does not know what it lets through")
    summary, alerts, items = truth.observe(weir, capture, key, *options)
    truth.check(summary, alerts, items)
    counted = packet_count(capture)
    truth.expect(summary["packets"]["total"] == counted,
                 f"{summary['packets']['total']} packets, and capinfos counts {counted}")
    for key, sent in case.get("payload", {}).items():
        said = summary["payload"][key]
        truth.expect(said == sent, f"payload: {key} is {said}, and by the case's script {sent}")
    if "tshark_payload_differs" in case:  # the case says why
        return
    payload = tshark_payload(capture)
    truth.expect(summary["payload"]["seen"] == payload,
                 f"{summary['payload']['seen']} bytes of payload seen, and tshark counts {payload}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weir", default="build/release/weir", help="the program (default: %(default)s)")
    parser.add_argument("cases", nargs="*", metavar="CASE", help="e.g. http1/upload_put (default: all)")
    options = parser.parse_args()
    weir = os.path.abspath(options.weir)
    cases = [c.removeprefix("pcaps/").rstrip("/") for c in options.cases] or all_cases()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        key = private_key(folder)
        for name in cases:
            try:
                check_case(weir, name, key)
                print(f"ok    {name}")
            except (truth.Untrue, Failure, OSError, ValueError, subprocess.SubprocessError) as error:
                failed += 1
                print(f"FAIL  {name}\n      " + str(error).replace("\n", "\n      "))
    print(f"{len(cases) - failed} of {len(cases)} cases hold")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
