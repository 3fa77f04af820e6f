#!/usr/bin/python3
"""No output shows a value that was sent, in whatever notation it came and wherever it stood.

    tests/golden/secrecy_property_test.py --weir build/release/weir [--only NOTATION] [--part 0/4]

Takes the values of the packs' own samples, writes each in every notation below and puts it everywhere where a request
of HTTP has room for a string: host, path, query, user, forwarded address, type, form field, file name (plain, RFC 2231, RFC
2047), JSON key, column, header's name. Each request also holds a value in clear, so that it alerts. What weir says of them
(alerts with all their strings, text, --items, --summary-json, standard error) is read by readings.py, which knows nothing of
weir's decoding.
"""
import argparse
import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse

import yaml

from random_captures import Capture
from readings import Values, strings_of
from truth_test import private_key

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Never drawn by anything else here; what must be found in every request.
BAIT = "身份证号：440524188001010014"
# The captures' own addresses are told as they are.
OWN_ADDRESS = re.compile(r"\b10\.[12]\.\d+\.\d+(:\d+)?|\[?fd00::[0-9a-f:]+\]?(:\d+)?")


def values():
    """One or two valid samples of each detector."""
    for name in sorted(os.listdir(os.path.join(ROOT, "signatures/packs"))):
        if not name.endswith(".yaml"):
            continue
        with open(os.path.join(ROOT, "signatures/packs", name), encoding="utf-8") as source:
            for detector in yaml.safe_load(source)["detectors"]:
                samples = [s["value"] for s in detector["samples"]["valid"] if s["value"] != "440524188001010014"]
                yield from dict.fromkeys(samples[:1] + samples[-1:])


def each(form):
    return lambda value: "".join(form(c) for c in value)


def digits(script):
    return lambda value: value.translate(str.maketrans("0123456789", script))


def between(separator, group=4):
    """In groups; only numbers can be written so."""
    def write(value):
        number = re.sub(r"[^0-9]", "", value)
        if len(number) < 7 or re.search("[A-Za-z@]", value):
            return None
        return separator.join(number[i:i + group] for i in range(0, len(number), group))
    return write


def parts_of(separator, size):
    """A value of letters and digits in groups, as people copy it from a card."""
    def write(value):
        if not re.fullmatch("[A-Z0-9()]+", value) or not re.search("[A-Z]", value):
            return None
        return separator.join(value[i:i + size] for i in range(0, len(value), size))
    return write


def b64(data):
    return base64.b64encode(data).decode()


def halves(value):
    at = len(value) // 2
    return f"=?UTF-8?B?{b64(value[:at].encode())}?= =?UTF-8?B?{b64(value[at:].encode())}?="


NOTATIONS = {
    "plain": lambda v: v,
    "percent": each(lambda c: f"%{ord(c):02X}"),
    "percent twice": each(lambda c: f"%25{ord(c):02X}"),
    "percent three times": each(lambda c: f"%2525{ord(c):02x}"),
    "%u": each(lambda c: f"%u{ord(c):04x}"),
    "\\u": each(lambda c: f"\\u{ord(c):04x}"),
    "\\u in percent": each(lambda c: f"%5Cu{ord(c):04x}"),
    "\\u{}": each(lambda c: f"\\u{{{ord(c):x}}}"),
    "\\U": each(lambda c: f"\\U{ord(c):08x}"),
    "\\x": each(lambda c: f"\\x{ord(c):02x}"),
    "\\N{U+}": each(lambda c: f"\\N{{U+{ord(c):04X}}}"),
    "\\o{}": each(lambda c: f"\\o{{{ord(c):o}}}"),
    "chr()": lambda v: ".".join(f"chr({ord(c)})" for c in v),
    "0x": lambda v: ",".join(f"0x{ord(c):02x}" for c in v),
    "octal": each(lambda c: f"\\{ord(c):03o}"),
    "entity": each(lambda c: f"&#{ord(c)};"),
    "entity, open": each(lambda c: f"&#{ord(c)}"),
    "entity, hexadecimal": each(lambda c: f"&#x{ord(c):x};"),
    "entity in percent": each(lambda c: f"%26%23{ord(c)}%3B"),
    "entity of an entity": each(lambda c: f"&amp;#{ord(c)};"),
    "quoted-printable word": lambda v: "=?utf-8?Q?" + "".join(f"={ord(c):02X}" for c in v) + "?=",
    "plain word": lambda v: f"=?us-ascii?q?{v.replace(' ', '_')}?=",
    "base64 word": lambda v: f"=?GB18030?b?{b64(('张' + v).encode('gb18030'))}?=",
    "two words": halves,
    "base64": lambda v: b64(v.encode()),
    "base64 without end": lambda v: b64(v.encode()).rstrip("="),
    "base64 beside a name": lambda v: b64(f"王小芳,{v},".encode()),
    "base64 of UTF-16": lambda v: b64(v.encode("utf-16-le")),
    "base64 twice": lambda v: b64(b64(v.encode()).encode()),
    "RFC 2231": lambda v: "UTF-8''" + urllib.parse.quote(v, safe=""),
    "full width": digits("０１２３４５６７８９"),
    "Arabic-Indic": digits("٠١٢٣٤٥٦٧٨٩"),
    "Suzhou": digits("〇〡〢〣〤〥〦〧〨〩"),
    "Han": digits("零一二三四五六七八九"),
    "Han, circle": digits("〇一二三四五六七八九"),
    "Han of banks": digits("零壹贰叁肆伍陆柒捌玖"),
    "circled": digits("⓪①②③④⑤⑥⑦⑧⑨"),
    "mathematical": digits("𝟘𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟠𝟡"),
    "full width in percent": lambda v: urllib.parse.quote(digits("０１２３４５６７８９")(v)),
    **{f"{s!r} each {n}": between(s, n) for n in (1, 3, 6) for s in
       " -.,;/_:|·—*~'+\x01\x7f\t\0" + "\u200b\u200e\u202e\u2060\ufeff\u00ad\u3000\u30fc\u0301"},
    **{f"{s!r} in letters and digits, each {n}": parts_of(s, n) for n in (1, 3, 4) for s in " -.·\u200b\u3000"},
    "lower case": lambda v: v.lower() if v != v.lower() else None,
    **{f"{s!r} each {n}": between(s, n) for n in (1, 4) for s in
       ("%20", "%00", "%2F", "%E2%80%8E", "%ff", "&nbsp;", "&#32;", "&ndash;", "\\t", "<br>", " - ", "\udcff")},
}


def quoted(text):
    return text.replace("\\", "\\\\").replace('"', '\\"')


def request(written):
    """Everything that may stand in a head, and a body of several kinds of names."""
    wire = written.encode("utf-8", "surrogateescape")
    # A target ends at a blank; what cannot stand in a line of a head is only in the body.
    target = re.sub(rb"[ \t\r\n]", b"%20", wire)
    parts = [
        f'Content-Disposition: form-data; name="{written}"\r\n\r\n{BAIT}'.encode("utf-8", "surrogateescape"),
        f'Content-Disposition: form-data; name="f"; filename="{written}.txt"\r\nContent-Type: text/{written}\r\n\r\n{BAIT}'.encode(
            "utf-8", "surrogateescape"),
        f'Content-Disposition: form-data; name="g"; filename="{quoted(written)}"\r\n\r\n{BAIT}'.encode("utf-8", "surrogateescape"),
        b"Content-Disposition: form-data; name=\"h\"; filename*=UTF-8''" + urllib.parse.quote_from_bytes(wire).encode() +
        b"\r\n\r\n" + BAIT.encode(),
    ]
    body = b"".join(b"--XyZ\r\n" + part + b"\r\n" for part in parts) + b"--XyZ--\r\n"
    head = (b"POST /u/" + target + b"/p;v=" + target + b"?" + target + b"=1&q=" + target + b"&" + target + b" HTTP/1.1\r\n"
            b"Host: " + target + b"\r\nAuthorization: Basic " + base64.b64encode(wire + b":pw") + b"\r\n"
            b"X-Forwarded-For: " + wire + b", 198.51.100.7\r\nContent-Type: multipart/form-data; boundary=XyZ\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body))
    return head + body


def others(written):
    """Names before a value, each in a message of its own kind."""
    wire = written.encode("utf-8", "surrogateescape")
    bait = BAIT.encode()
    number = bait.split("：".encode())[1]
    bodies = [
        (b"application/json", json.dumps({written: "440524188001010014", "x": {"身份证" + written: "440524188001010014"}}).encode(
            "utf-8", "surrogateescape")),
        (b"application/json", b'{"' + wire + b'":"' + number + b'"}'),
        (b"text/csv", wire + b",b\n1,2\n" + wire + b":" + number + b"\n" + wire + "身份证：".encode() + number + b"\n"),
        (b"text/html", b"<" + wire + b">" + number + b"</" + wire + b">"),
    ]
    for kind, body in bodies:
        yield (b"PUT /" + wire.replace(b" ", b"_") + b".bin HTTP/1.1\r\nHost: a.example\r\nContent-Type: " + kind + b"; charset=" +
               wire + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    yield b"GET / HTTP/1.1\r\nHost: a.example\r\n" + wire + b": " + bait + b"\r\nX-" + wire + b": " + number + b"\r\n\r\n"
    yield wire.replace(b" ", b"") + b" /" + number + b" HTTP/1.1\r\nHost: a.example\r\n\r\n"


def outputs(weir, capture, key, folder):
    """(what, the strings in it)."""
    summary = os.path.join(folder, "summary.json")
    for what, options in (("alert", ("--format", "json")), ("text", ("--format", "text")), ("item", ("--items",))):
        done = subprocess.run([weir, "replay", "--all", "--workers", "1", "--token-key", key, "--summary-json", summary, *options, capture],
                              capture_output=True, check=False, timeout=300)
        if done.returncode != 0:
            raise AssertionError(done.stderr.decode()[-2000:])
        lines = done.stdout.decode().splitlines()
        if what == "text":
            yield what, lines
        else:
            for line in lines:
                yield what, strings_of(json.loads(line))
        # The first lines name the file, which is ours.
        yield "standard error", done.stderr.decode().splitlines()
        with open(summary, encoding="utf-8") as source:
            yield "summary", strings_of(json.load(source))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weir", default="build/release/weir")
    parser.add_argument("--only", help="a notation")
    parser.add_argument("--part", default="0/1", help="0/4, 1/4, …: a quarter of the notations")
    options = parser.parse_args()
    weir = os.path.abspath(options.weir)
    part, parts = map(int, options.part.split("/"))
    sent = list(values())
    assert len(sent) > 15 and len(NOTATIONS) > 120
    leaks = {}
    alerts = written_in_all = 0
    with tempfile.TemporaryDirectory() as folder:
        key = private_key(folder)
        path = os.path.join(folder, "c.pcap")
        for number, (name, write) in enumerate(NOTATIONS.items()):
            if number % parts != part or (options.only and name != options.only):
                continue
            capture = Capture(number)
            carried = []
            for value in sent:
                written = write(value)
                if written is None or "\r" in written or "\n" in written:
                    continue
                carried.append(value)
                capture.conversation(80, [(0, request(written))])
                for message in others(written):
                    capture.conversation(80, [(0, message)])
            capture.write(path)
            written_in_all += len(carried)
            looked_for = Values(carried + ["440524188001010014"])
            seen = set()
            for what, strings in outputs(weir, path, key, folder):
                for text in strings:
                    if text in seen:
                        continue
                    seen.add(text)
                    alerts += what == "alert"
                    how = looked_for.shown(OWN_ADDRESS.sub("address", text))
                    if how:
                        leaks.setdefault(name, []).append(f"{what}: {how}: {text[:300]!r}")
    if not options.only and (written_in_all < 700 // parts or alerts < 20_000 // parts):
        print(f"too little was looked at: {written_in_all} values, {alerts} strings of alerts")
        return 1
    for name, which in leaks.items():
        print(f"{name}: {len(which)} leaks")
        for line in which[:6]:
            print("    " + line)
    print(f"{written_in_all} values written, {alerts} different strings of alerts, {sum(map(len, leaks.values()))} leaks")
    return 1 if leaks else 0


if __name__ == "__main__":
    sys.exit(main())
