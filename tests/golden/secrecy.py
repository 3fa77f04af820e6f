"""Looks for sent values in an output: in clear, in parts, in any reading (readings.py), or as an unkeyed digest."""
import base64
import hashlib
import json
import re
import urllib.parse

from readings import Values, strings_of

# From an unkeyed digest of a phone number the number is found in a moment.
DIGESTS = ("md5", "sha1", "sha256")
# A mask shows four characters. Ten digits in a row of somebody's number are a leak, wherever they stand.
DIGITS_IN_A_ROW = 10
ADDRESS = re.compile(r"\b\d{1,3}(\.\d{1,3}){3}(:\d{1,5})?\b|\[?\bfd00:66::[0-9a-f]+\]?(:\d{1,5})?")


def _unescaped(output):
    """The output as a reader of its JSON sees it; lines that are not JSON as they are."""
    lines = []
    for line in output.splitlines():
        try:
            lines.append(json.dumps(json.loads(line), ensure_ascii=False))
        except ValueError:
            lines.append(line)
    return "\n".join(lines)


def _strings(output):
    """What a reader looks at, one after the other: the strings in lines of JSON, other lines as a whole."""
    for line in output.splitlines():
        try:
            yield from strings_of(json.loads(line))
        except ValueError:
            yield line


def _forms(seed):
    """Ways to write a value that all show it."""
    forms = {seed, urllib.parse.quote(seed), urllib.parse.quote_plus(seed)}
    bare = re.sub(r"[\s()-]", "", seed)
    if len(bare) >= 7:
        forms |= {bare, bare.removeprefix("+86")}
    if "@" in seed:
        forms.add(seed.split("@")[0])  # the domain may be shown, who it is may not
    return {form for form in forms if len(form) >= 2}


def leaks(output, seeds, item_digests):
    """Yields a sentence for each leak found; names the value, since the people are synthetic."""
    texts = output + "\n" + _unescaped(output) + "\n" + urllib.parse.unquote(output)
    hexes = "\n".join(re.findall(r"[0-9a-fA-F]{32,}", output)).lower()
    codes = set(re.findall(r"[A-Za-z0-9+/_-]{20,}", output))
    rows = {run[i:i + DIGITS_IN_A_ROW] for run in re.findall(rf"\d{{{DIGITS_IN_A_ROW},}}", texts, re.ASCII)
            for i in range(len(run) - DIGITS_IN_A_ROW + 1)}
    digests = {digest: "an item" for digest in item_digests}
    for seed in seeds:
        for form in _forms(seed):
            if form in texts:
                yield f"{seed!r} in clear (as {form!r})"
            for kind in DIGESTS:
                digests[hashlib.new(kind, form.encode()).hexdigest()] = repr(seed)
        digits = re.sub(r"\D", "", seed, flags=re.ASCII)
        for i in range(len(digits) - DIGITS_IN_A_ROW + 1):
            if digits[i:i + DIGITS_IN_A_ROW] in rows:
                yield f"ten digits in a row of {seed!r}"
    values = Values(seeds)
    # Addresses with their ports are told as they are, and are long numbers to a reader of digits.
    for text in {ADDRESS.sub("address", text) for text in _strings(output)}:
        how = values.shown(text)
        if how:
            yield how
    for digest, of in digests.items():
        if digest in hexes:
            yield f"a digest of {of}: {digest}"
        plain = base64.b64encode(bytes.fromhex(digest)).decode().rstrip("=")
        if plain in codes or plain.translate(str.maketrans("+/", "-_")) in codes:
            yield f"a base64 digest of {of}: {plain}"
