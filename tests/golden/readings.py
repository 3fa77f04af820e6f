"""A text in the ways in which a person with a keyboard could read it: escapes undone, encodings decoded, numerals of any script
as digits, whatever stands between digits left out. Made of Python's own decoders and Unicode tables, to look for values in
what weir writes."""
import base64
import binascii
import email.header
import functools
import html
import re
import unicodedata
import urllib.parse

ROUNDS = 6
# Uids, hashes and tokens: digits of somebody's number stand in one of thousands by chance.
DIGEST = re.compile(r"(k[0-9a-f]{8}:)?([0-9a-f]{32}|[0-9a-f]{64})|1:[A-Za-z0-9+/]{27}=")
_HEX = (re.compile(r"%u([0-9a-fA-F]{4})"), re.compile(r"\\u([0-9a-fA-F]{4})"), re.compile(r"\\x([0-9a-fA-F]{2})"),
        re.compile(r"\\[ux]\{([0-9a-fA-F]{1,6})\}"), re.compile(r"\\U([0-9a-fA-F]{8})"),
        re.compile(r"\\N\{U\+([0-9a-fA-F]{1,6})\}"), re.compile(r"\b0x([0-9a-fA-F]{2})\b[,; ]?"))
_OCTAL = (re.compile(r"\\([0-3][0-7]{2})"), re.compile(r"\\o\{([0-7]{1,6})\}"))
_DECIMAL = re.compile(r"\bchr\(([0-9]{1,6})\)[.,+ ]?", re.I)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,60}>")
_RUN = re.compile(r"[A-Za-z0-9+/_-]{10,}")
_WORD = re.compile(r"=\?[^? ]+\?[bBqQ]\?[^? ]*\?=")


def _character(match, base=16):
    code = int(match[1], base)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else " "


def _words(text):
    try:
        return "".join(part if isinstance(part, str) else part.decode("latin-1") for part, _ in email.header.decode_header(text))
    except (email.errors.HeaderParseError, binascii.Error):
        return text


def _once(text):
    if "%" in text:
        text = urllib.parse.unquote(text)
    for pattern in _HEX:
        text = pattern.sub(_character, text)
    for pattern in _OCTAL:
        text = pattern.sub(lambda m: _character(m, 8), text)
    text = _DECIMAL.sub(lambda m: _character(m, 10), text)
    if "&" in text:
        text = html.unescape(text)
    if "=?" in text and _WORD.search(text):
        text = _words(text)
    return _TAG.sub("", text)


def _base64(text):
    """What runs of base64 in it say, wherever in the run it begins."""
    out = []
    for run in _RUN.findall(text):
        # A path is a run too, and so is a name with hyphens: its pieces as well.
        for piece in {run, *re.split(r"[/_-]", run)}:
            for shift in range(4):
                part = piece[shift:].translate(str.maketrans("-_", "+/"))
                if len(part) < 10:
                    continue
                part = part[:len(part) - (len(part) % 4 == 1)]
                data = base64.b64decode(part + "=" * (-len(part) % 4))
                out.append(data.decode("utf-8", "replace"))
    return out


@functools.lru_cache(maxsize=200_000)
def readings(text):
    """All of them, the text itself first."""
    found = [text]
    for source in found:
        current = source
        for _ in range(ROUNDS):
            after = _once(current)
            if after == current:
                break
            current = after
            if current not in found:
                found.append(current)
        for inside in _base64(current) + (_base64(source) if source != current else []):
            # Random bytes are text by chance, but not so much of it.
            if re.search(r"[\x00\x20-\x7e]{7}", inside) and inside not in found and len(found) < 200:
                found.append(inside)
    return found


@functools.cache
def _numeral(character):
    """"7" for any character that stands for seven; "" for what separates digits; "x" for letters."""
    value = unicodedata.numeric(character, -1.0)
    if character in "幺洞两兩拐勾":
        value = {"洞": 0, "幺": 1, "两": 2, "兩": 2, "拐": 7, "勾": 9}[character]
    if value >= 0 and value == int(value):
        return str(int(value))
    return "x" if unicodedata.category(character) in ("Lu", "Ll", "Lt", "Lo") else ""


def numbers(text, least=7):
    """The runs of at least so many digits in a text, whatever separates them."""
    return re.findall(rf"[0-9]{{{least},}}", "".join(map(_numeral, text)))


def plain_letters(text):
    """Full-width and other forms of letters as ASCII, what does not show left out; lower case."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(c for c in folded if unicodedata.category(c) != "Cf").lower()


def _windows(digits, size=7):
    return {digits[i:i + size] for i in range(len(digits) - size + 1)}


class Values:
    """What to look for: seven digits in a row of a value; of an e-mail address who it is; of anything else the whole."""

    def __init__(self, values):
        self.numbers, self.letters = {}, {}
        for value in values:
            for part in _windows(re.sub(r"[^0-9]", "", value)):
                if len(set(part)) > 2:  # 0000001 is in every second MAC address
                    self.numbers[part] = value
            if "@" in value:
                self.letters[value.split("@")[0].lower() + "@"] = value
            elif re.search("[A-Za-z]", value):
                self.letters[value.lower()] = value
                self.letters[re.sub(r"[\s()-]", "", value).lower()] = value
        self.letters = {form: value for form, value in self.letters.items() if len(form) > 3}

    def shown(self, text):
        """How a text shows one of them in any reading: a sentence, or None."""
        if DIGEST.fullmatch(text):
            return None
        for reading in readings(text):
            for number in numbers(reading):
                for part in _windows(number):
                    if part in self.numbers:
                        return f"{part} of {self.numbers[part]!r} in {reading!r}"
            letters = plain_letters(reading)
            joined = re.sub(r"[\W_]", "", letters)
            for form, value in self.letters.items():
                # Whatever separates letters and digits; a name before "@" keeps its own sign.
                if form in letters or ("@" not in form and len(form) > 7 and form in joined):
                    return f"{form} of {value!r} in {reading!r}"
        return None


def strings_of(thing):
    """Every string in an object of JSON, keys too."""
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, dict):
        for key, value in thing.items():
            yield key
            yield from strings_of(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from strings_of(value)
