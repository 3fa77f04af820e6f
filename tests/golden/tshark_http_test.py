#!/usr/bin/python3
"""Holds weir's reading of HTTP/1 against tshark's, message by message, on all captures of pcaps/.

    tests/golden/tshark_http_test.py --weir build/release/weir [CASE…]

Both sides give, for each connection (by its Community ID) and direction, the list of messages in order: method, host and
path, or the status; and the length of the body as sent (chunks joined) and as read (content codings undone).
Where tshark is known to be wrong, case.yaml names the direction and the reason under tshark_faults; then only the
other direction is compared. Exit code 0 when all agree, 1 otherwise.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree

from run import ROOT, Failure, all_cases, difference, input_of, load_case

TSHARK = ["tshark", "-n", "--enable-protocol", "communityid", "-o", "tcp.reassemble_out_of_order:TRUE", "-o",
          "tcp.check_checksum:FALSE", "-T", "pdml", "-Y", "http"]


def tshark_messages(capture, ports):
    """{(flow, direction): [message]} with messages as tuples (head, bytes sent, bytes read)."""
    # Ports are only tshark's way to know HTTP; weir needs none.
    decode_as = [word for port in ports for word in ("-d", f"tcp.port=={port},http")]
    done = subprocess.run([*TSHARK, *decode_as, "-r", capture], capture_output=True, check=True)
    messages = {}
    for packet in ElementTree.fromstring(done.stdout):
        layers = packet.findall("proto")
        flow = next(f.get("show") for p in layers for f in p.iter("field") if f.get("name") == "communityid")
        for layer in layers:
            if layer.get("name") != "http":
                continue
            fields = {}
            for field in layer.iter("field"):
                fields.setdefault(field.get("name"), field)

            def show(name, fields=fields):
                return fields[name].get("show") if name in fields else ""

            if "http.request.method" in fields:
                side, head = "initiator", f"{show('http.request.method')} {show('http.host')} {show('http.request.uri')}"
            elif "http.response.code" in fields:
                side, head = "responder", show("http.response.code")
            else:
                side, head = "responder", "neither request nor response"
            if side == "responder" and "http.response.line" not in fields and "http.file_data" not in fields:
                continue  # "100 Continue" and a blank line: no header, no body, so nothing that is an item
            read = int(fields["http.file_data"].get("size")) if "http.file_data" in fields else 0
            sent = read
            for field in layer.iter("field"):
                coded = re.match(r"Content-encoded entity body \(\w+\): (\d+) bytes", field.get("show") or "")
                if coded:
                    sent = int(coded[1])
            messages.setdefault((flow, side), []).append((head, sent, read))
    return messages


def weir_messages(weir, capture, left_out):
    """The same from `weir replay --items`, but for the directions left out: a headers item begins a message, a body
    item belongs to the last one."""
    done = subprocess.run([weir, "replay", "--items", os.path.relpath(capture, ROOT)], cwd=ROOT, capture_output=True,
                          check=False, timeout=300)
    if done.returncode != 0:
        raise Failure(f"weir replay --items: exit code {done.returncode}\n{done.stderr.decode()[-2000:]}")
    items = [json.loads(line) for line in done.stdout.splitlines()]
    messages = {}
    # Lines come as items end; ordinals are the order of their first bytes.
    for item in sorted(items, key=lambda i: (i["flow"], i["direction"], i["ordinal"], i.get("part", 0))):
        if item["protocol"] != "http" or item["kind"] not in ("headers", "body") or item["direction"] in left_out:
            continue
        listed = messages.setdefault((item["flow"], item["direction"]), [])
        if item["kind"] == "headers":
            head = str(item.get("status", "")) if item["direction"] == "responder" else \
                " ".join(item.get(key, "") for key in ("method", "host", "path"))
            listed.append((head, 0, 0))
        elif not listed or listed[-1][1]:
            raise Failure(f"a body without headers of its own before it: {item}")
        else:
            listed[-1] = (listed[-1][0], item["wire_bytes"], item["size"])
    return messages


def unmasked(head, model):
    """weir masks query values and numbers, in whatever notation they are: where `head` with its masked runs fits
    `model`, it is the model."""
    def plain(text):
        text = urllib.parse.unquote(urllib.parse.unquote(text))
        return re.sub(r"\\x([0-9A-Fa-f]{2})", lambda code: chr(int(code[1], 16)), text)

    head_path, _, head_query = plain(head).partition("?")
    model_path, _, model_query = plain(model).partition("?")
    pattern = ".*".join(re.escape(piece) for piece in re.split(r"\*+", head_path))
    same_query = bool(head_query) == bool(model_query)
    return model if re.fullmatch(pattern, model_path, re.DOTALL) and same_query else head


def lines_of(messages):
    return [f"{flow} {side} {n}: {head}, body {sent} bytes sent, {read} read"
            for (flow, side), listed in sorted(messages.items()) for n, (head, sent, read) in enumerate(listed, 1)]


def check_case(weir, name):
    case, capture = load_case(name), input_of(name)
    ports = sorted(set(re.findall(r"\bport (\d+)", case["facts"]))) if name.startswith("http1/") else []
    theirs, ours = tshark_messages(capture, ports), weir_messages(weir, capture, case.get("tshark_faults", {}))
    has_http = name.startswith(("http1/", "tunnels/")) and len(case.get("tshark_faults", {})) < 2
    if has_http and not theirs:
        raise Failure("tshark finds no HTTP message")
    for side in case.get("tshark_faults", {}):
        theirs = {key: value for key, value in theirs.items() if key[1] != side}
    for key, listed in ours.items():
        models = [message[0] for message in theirs.get(key, [])]
        ours[key] = [(unmasked(head, models[n]) if n < len(models) else head, sent, read)
                     for n, (head, sent, read) in enumerate(listed)]
    difference(lines_of(theirs), lines_of(ours), "messages")
    return sum(len(listed) for listed in theirs.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weir", default="build/release/weir", help="the program (default: %(default)s)")
    parser.add_argument("--tshark-only", action="store_true", help="print tshark's reading and compare nothing")
    parser.add_argument("cases", nargs="*", metavar="CASE")
    options = parser.parse_args()
    cases = [c.removeprefix("pcaps/").rstrip("/") for c in options.cases] or all_cases()
    failed = compared = 0
    for name in cases:
        if options.tshark_only:
            ports = re.findall(r"\bport (\d+)", load_case(name)["facts"])
            print(name, *lines_of(tshark_messages(input_of(name), ports)), sep="\n  ")
            continue
        try:
            compared += check_case(os.path.abspath(options.weir), name)
        except (Failure, KeyError, OSError) as error:
            failed += 1
            print(f"FAIL  {name}\n      " + str(error).replace("\n", "\n      "))
    print(f"{compared} messages in {len(cases)} captures, {failed} captures differ")
    return 1 if failed or not (compared or options.tshark_only) else 0


if __name__ == "__main__":
    sys.exit(main())
