#!/usr/bin/python3
"""Replays the captures of pcaps/ and holds what weir says against what was sent.

    tests/golden/run.py --weir build/release/weir [CASE…]      all cases, or some ("http1/upload_put")
    tests/golden/run.py --weir build/release/weir --bless …    writes expected.jsonl anew, after all other checks

For each case (pcaps/README.md has the schema of case.yaml):
  truth      the alerts are exactly those of the items that were sent, with the same distinct counts
  revisions  each finding's revisions are 1, 2, … and only the last is final
  schema     each alert validates against sensor/alert/alert.schema.json, and against OCSF 1.8.0 (ocsf_check.py)
  workers    one worker and two write the same lines
  expected   they are those of expected.jsonl
  secrecy    no output (alerts, text, item list, standard error, --summary-json) shows a value that was sent or seven
             digits of one, in any reading (readings.py), or an unkeyed digest of a value or of a small item

Needs python3-yaml and python3-jsonschema. Exit code 0 when all cases hold, 1 otherwise.
"""
import argparse
import difflib
import json
import os
import re
import subprocess
import sys
import tempfile

import jsonschema
import yaml

from ocsf_check import Checker
from secrecy import leaks

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PCAPS = os.path.join(ROOT, "pcaps")
OCSF = Checker()
KNOWN = {"title", "proves", "facts", "args", "truth", "silent", "vlans", "tunnel", "stderr_has", "payload",
         "tshark_faults", "tshark_payload_differs", "seeds", "item_digests"}


class Failure(Exception):
    """A check that does not hold; its text is for the reader."""


def load_case(name):
    path = os.path.join(PCAPS, name, "case.yaml")
    with open(path, encoding="utf-8") as source:
        case = yaml.load(source, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    unknown = set(case) - KNOWN
    if unknown:
        raise Failure(f"{path}: unknown keys {sorted(unknown)}")
    if bool(case.get("truth")) == bool(case.get("silent")):
        raise Failure(f"{path}: needs either truth or silent: true")
    return case


def input_of(name):
    folder = os.path.join(PCAPS, name)
    files = sorted(f for f in os.listdir(folder) if f.startswith("input.pcap"))
    if len(files) != 1:
        raise Failure(f"{folder}: needs one input.pcap or input.pcapng, has {files}")
    return os.path.join(folder, files[0])


def all_cases():
    return sorted(f"{protocol}/{case}" for protocol in os.listdir(PCAPS)
                  if os.path.isdir(os.path.join(PCAPS, protocol))
                  for case in os.listdir(os.path.join(PCAPS, protocol))
                  if os.path.exists(os.path.join(PCAPS, protocol, case, "case.yaml")))


def replay(weir, capture, *options):
    """(standard output, standard error); exit code 0 is asked for."""
    # Relative names and the project root as folder: nothing of this machine may get into the output.
    command = [weir, "replay", *options, os.path.relpath(capture, ROOT)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=300, check=False)
    out, err = done.stdout.decode(), done.stderr.decode()
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}: exit code {done.returncode}\n{err[-3000:]}")
    return out, err


def alerts_of(out):
    """The lines as objects, without what differs from run to run or from version to version."""
    alerts = []
    for number, line in enumerate(out.splitlines(), 1):
        try:
            alert = json.loads(line)
        except ValueError as error:
            raise Failure(f"line {number} of the output is not JSON: {error}\n{line[:300]}") from None
        alerts.append(alert)
    return alerts


def stripped(alert):
    alert = json.loads(json.dumps(alert))
    alert["metadata"].pop("logged_time")
    alert["metadata"]["product"].pop("version")
    return alert


def last_revisions(alerts):
    """The last revision of each finding; checks that revisions count from 1 and only the last is final."""
    findings = {}
    for alert in alerts:
        findings.setdefault(alert["finding_info"]["uid"], []).append(alert)
    for uid, revisions in findings.items():
        numbers = [a["unmapped"]["revision"] for a in revisions]
        finals = [a["unmapped"]["final"] for a in revisions]
        if numbers != list(range(1, len(numbers) + 1)) or finals != [False] * (len(finals) - 1) + [True]:
            raise Failure(f"finding {uid}: revisions {numbers}, final {finals}")
    return [revisions[-1] for revisions in findings.values()]


def found_items(alerts):
    """What weir says was sent: one entry an item. Alerts of several policies on one item must agree."""
    items = {}
    for alert in last_revisions(alerts):
        more = alert["unmapped"]
        said = {"direction": "initiator" if more["initiator"] == "src" else "responder", "kind": more["item_kind"],
                "detectors": {d["id"]: {"distinct": d["distinct"]} for d in more["detectors"]}}
        known = items.setdefault(more["item_uid"], said)
        if known != said:
            raise Failure(f"two policies' alerts on item {more['item_uid']} differ: {known} and {said}")
    return list(items.values())


def readable(items):
    return sorted("{direction} {kind}: ".format(**item) +
                  ", ".join(f"{d} ×{n['distinct']}" for d, n in sorted(item["detectors"].items())) for item in items)


def difference(expected, actual, what):
    lines = list(difflib.unified_diff(expected, actual, f"{what}, expected", f"{what}, weir", lineterm="", n=2))
    if lines:
        shown = "\n".join(lines[:120])
        raise Failure(shown + (f"\n… {len(lines) - 120} more lines" if len(lines) > 120 else ""))


def pretty(alerts):
    return "\n".join(json.dumps(a, ensure_ascii=False, indent=1, sort_keys=True) for a in alerts).splitlines()


def check_case(weir, name, key, bless, validator):
    case, capture = load_case(name), input_of(name)
    common = ["--all", "--token-key", key, *case.get("args", [])]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "summary.json")
        out, err = replay(weir, capture, "--format", "json", "--workers", "1", "--summary-json", path, *common)
        with open(path, encoding="utf-8") as source:
            summary = json.load(source)
    alerts = alerts_of(out)

    difference(readable(case.get("truth", [])), readable(found_items(alerts)), "items sent")
    for alert in alerts:
        for error in validator.iter_errors(alert):
            raise Failure(f"alert {alert['metadata']['uid']} is not as the schema says: {error.json_path}: {error.message}")
        for problem in OCSF.problems(alert):
            raise Failure(f"alert {alert['metadata']['uid']} is not OCSF: {problem}")
        if alert["unmapped"].get("vlan", []) != case.get("vlans", []):
            raise Failure(f"VLANs: sent {case.get('vlans', [])}, the alert says {alert['unmapped'].get('vlan')}")
        if alert["unmapped"].get("tunnel", []) != case.get("tunnel", []):
            raise Failure(f"tunnel: sent {case.get('tunnel', [])}, the alert says {alert['unmapped'].get('tunnel')}")
    for pattern in case.get("stderr_has", []):
        if not re.search(pattern, err):
            raise Failure(f"the summary does not say {pattern!r}:\n{err}")

    two = alerts_of(replay(weir, capture, "--format", "json", "--workers", "2", *common)[0])
    difference(pretty(map(stripped, alerts)), pretty(map(stripped, two)), "one worker and two")

    text, text_err = replay(weir, capture, "--format", "text", *common)
    listing, _ = replay(weir, capture, "--items", *common)
    for what, output in (("alerts", out), ("summary", err), ("JSON summary", json.dumps(summary, ensure_ascii=False)),
                         ("text", text + text_err), ("item list", listing)):
        for leak in leaks(output, case["seeds"], case.get("item_digests", [])):
            raise Failure(f"the {what} show {leak}")

    path = os.path.join(PCAPS, name, "expected.jsonl")
    if bless:
        with open(path, "w", encoding="utf-8") as target:
            for alert in alerts:
                target.write(json.dumps(stripped(alert), ensure_ascii=False) + "\n")
        return
    if not os.path.exists(path):
        raise Failure(f"{path} is missing: look at the alerts, then run.py --bless {name}")
    with open(path, encoding="utf-8") as source:
        expected = [json.loads(line) for line in source]
    difference(pretty(expected), pretty(map(stripped, alerts)), "expected.jsonl")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weir", default="build/release/weir", help="the program (default: %(default)s)")
    parser.add_argument("--bless", action="store_true", help="write expected.jsonl of the cases that hold")
    parser.add_argument("cases", nargs="*", metavar="CASE", help="e.g. http1/upload_put (default: all)")
    options = parser.parse_args()
    weir = os.path.abspath(options.weir)
    with open(os.path.join(ROOT, "sensor/alert/alert.schema.json"), encoding="utf-8") as source:
        schema = json.load(source)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    failed = 0
    cases = [c.removeprefix("pcaps/").rstrip("/") for c in options.cases] or all_cases()
    with tempfile.TemporaryDirectory() as folder:
        # The program refuses a key that others may read; a checkout cannot keep the mode.
        key = os.path.join(folder, "token.key")
        with open(os.path.join(PCAPS, "test-token.key"), "rb") as source:
            with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as target:
                target.write(source.read())
        for name in cases:
            try:
                check_case(weir, name, key, options.bless, validator)
                print(f"ok    {name}")
            except (Failure, KeyError, OSError, subprocess.TimeoutExpired) as error:
                failed += 1
                what = f"field {error} is missing" if isinstance(error, KeyError) else str(error)
                print(f"FAIL  {name}\n      " + what.replace("\n", "\n      "))
    print(f"{len(cases) - failed} of {len(cases)} cases hold")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
