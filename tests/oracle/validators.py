#!/usr/bin/env python3
"""Weir's validators against independent programs.

For every identifier 10,000 values are made that ought to be valid and 10,000 near misses (one character
changed, two swapped, a bad date or region under a good check digit, a wrong length, noise), from a fixed seed.
An oracle judges each: python-stdnum where it knows the identifier, else Python's datetime and re over the
published rule. Weir's own program judges the same values. Every disagreement must be one of the settled
ones below, and those stay under one in a hundred.

usage: validators.py PROGRAM     (PROGRAM: the built oracle_validators)
"""

import datetime
import random
import re
import subprocess
import sys

try:
    from stdnum import iban, luhn, numdb
    from stdnum.cn import ric, uscc
    from stdnum.iso7064 import mod_97_10
    from stdnum.us import ssn
except ImportError as missing:
    sys.exit(f"{missing}: install Debian's python3-stdnum")

SEED = 20121228
EACH_WAY = 10_000
SETTLED_LIMIT = 0.01
TODAY = datetime.date(2025, 5, 29)
CAPTURE_TIME = int(datetime.datetime(2025, 5, 29, 7, 25, 43, tzinfo=datetime.timezone.utc).timestamp())

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"

rng = random.Random(SEED)


# --- what both sides agree to leave aside, with the reason -----------------------------------------------------

SETTLED = {
    "county": "stdnum knows a list of counties and refuses all others, Weir knows provinces: counties are "
              "renamed, merged and founded every year, and old numbers keep the old code",
    "future": "stdnum has no notion of today; a birthday after the capture is no birthday",
    "century": "stdnum takes any year; the catalogue has 18, 19 and 20",
    "uscc letter": "stdnum refuses a letter in places 1 to 8; GB 32100-2015 gives departments A, N and Y",
    "iban check": "stdnum takes check digits 00, 01 and 99, which the sum cannot tell from 97, 98 and 02, and "
                  "letters in their place; ISO 13616 has two digits there, 02 to 98",
}


def date_or_none(text):
    try:
        return datetime.date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


def random_date(first=datetime.date(1900, 1, 1), last=TODAY):
    return first + datetime.timedelta(days=rng.randrange((last - first).days + 1))


def pick(alphabet, count):
    return "".join(rng.choice(alphabet) for _ in range(count))


COUNTIES = sorted(entry[1] for entry in numdb.get("cn/loc").prefixes)  # [length, low, high, properties, children]
# From stdnum's list of counties; it leaves out Taiwan, Hong Kong and Macao (GB/T 2260: 71, 81, 82).
PROVINCES = {county[:2] for county in COUNTIES} | {"71", "81", "82"}


# --- near misses, the same for all -----------------------------------------------------------------------------

def damage(value, alphabet):
    kind = rng.randrange(5)
    at = rng.randrange(len(value))
    if kind <= 1:
        return value[:at] + rng.choice(alphabet) + value[at + 1:]
    if kind == 2 and at + 1 < len(value):
        return value[:at] + value[at + 1] + value[at] + value[at + 2:]
    if kind == 3:
        return value[:at] + value[at + 1:]
    return value[:at] + rng.choice(alphabet) + value[at:]


# --- identity numbers ------------------------------------------------------------------------------------------

def with_check(body):
    return body + ric.calc_check_digit(body + "0")


class ResidentId:
    name = "cn_resident_id"

    def good(self):
        return with_check(rng.choice(COUNTIES) + random_date().strftime("%Y%m%d") + pick(DIGITS, 3))

    def bad(self):
        kind = rng.randrange(4)
        county = rng.choice(COUNTIES)
        date = random_date().strftime("%Y%m%d")
        odd = rng.randrange(400)
        if odd == 0:  # the settled ones, so that each is seen
            county = rng.choice(sorted(PROVINCES)) + "9999"
        elif odd == 1:
            date = (TODAY + datetime.timedelta(days=rng.randrange(1, 20_000))).strftime("%Y%m%d")
        elif odd == 2:
            date = rng.choice(["17", "16", "30"]) + date[2:6] + "01"
        elif kind == 0:
            county = pick("16789", 1) + pick("6789", 1) + pick(DIGITS, 4)
        elif kind == 1:
            date = date[:4] + rng.choice(["0230", "0431", "1301", "0010", "0100", "1232", "0229", "0631"])
        elif kind == 2:
            return damage(self.good(), DIGITS + "X")
        else:
            return county + date + pick(DIGITS, 3) + pick(DIGITS + "X", 1)
        return with_check(county + date + pick(DIGITS, 3))

    def oracle(self, value):
        return bool(re.fullmatch(r"[0-9]{17}[0-9X]", value)) and ric.is_valid(value)

    def settled(self, value, weir):
        date = date_or_none(value[6:14]) if len(value) == 18 else None
        if date is not None and not weir:
            if date.year < 1800 or date.year > 2099:
                return "century"
            if date > TODAY:
                return "future"
        if weir and value[:2] in PROVINCES and ric.calc_check_digit(value) == value[-1] and date:
            return "county"
        return None


class ResidentId15:
    name = "cn_resident_id_15"

    def good(self):
        day = random_date(datetime.date(1900, 1, 1), datetime.date(1999, 12, 31))
        return rng.choice(COUNTIES) + day.strftime("%y%m%d") + pick(DIGITS, 3)

    def bad(self):
        if rng.randrange(2):
            return damage(self.good(), DIGITS + "X")
        return pick(DIGITS, 15)

    def oracle(self, value):
        return bool(re.fullmatch(r"[0-9]{15}", value)) and value[:2] in PROVINCES and \
            date_or_none("19" + value[6:12]) is not None

    def settled(self, value, weir):
        return None


class ResidencePermit:
    name = "cn_hmt_residence_permit"

    def good(self):
        region = rng.choice(["810000", "820000", "830000"])
        return with_check(region + random_date().strftime("%Y%m%d") + pick(DIGITS, 3))

    def bad(self):
        if rng.randrange(3):
            return damage(self.good(), DIGITS + "X")
        region = rng.choice(["810001", "840000", "110101", "800000", "820100"])
        return with_check(region + random_date().strftime("%Y%m%d") + pick(DIGITS, 3))

    def oracle(self, value):
        if not re.fullmatch(r"8[123]0000[0-9]{11}[0-9X]", value):
            return False
        date = date_or_none(value[6:14])
        return date is not None and date.year >= 1800 and date <= TODAY and \
            ric.calc_check_digit(value) == value[-1]

    def settled(self, value, weir):
        return None


class ForeignPermanentResident:
    """GA 2102-2023: 9, province, country, date, serial, MOD 11-2. Before: letters, digits, date, 7-3-1 as on the
    machine-readable line of ICAO 9303 part 3."""

    name = "cn_foreign_permanent_resident"

    @staticmethod
    def check_731(body):
        return str(sum(int(c, 36) * (7, 3, 1)[i % 3] for i, c in enumerate(body)) % 10)

    def good(self):
        if rng.randrange(2):
            return with_check("9" + rng.choice(sorted(PROVINCES)) + pick(DIGITS, 3) + random_date().strftime("%Y%m%d")
                              + pick(DIGITS, 3))
        body = pick(LETTERS, 3) + pick(DIGITS, 4) + random_date().strftime("%y%m%d") + pick(DIGITS, 1)
        return body + self.check_731(body)

    def bad(self):
        if rng.randrange(3):
            return damage(self.good(), DIGITS + "AX")
        first = rng.choice(["8", "9"]) + rng.choice(["10", "20", "77", "91", "11"])
        return with_check(first + pick(DIGITS, 3) + random_date().strftime("%Y%m%d") + pick(DIGITS, 3))

    def oracle(self, value):
        if re.fullmatch(r"9[0-9]{16}[0-9X]", value):
            date = date_or_none(value[6:14])
            return value[1:3] in PROVINCES and date is not None and 1800 <= date.year and date <= TODAY and \
                ric.calc_check_digit(value) == value[-1]
        if not re.fullmatch(r"[A-Z]{3}[0-9]{12}", value) or self.check_731(value[:-1]) != value[-1]:
            return False
        later = date_or_none("20" + value[7:13])
        return date_or_none("19" + value[7:13]) is not None or (later is not None and later <= TODAY)

    def settled(self, value, weir):
        return None


class HongKongId:
    """The rule of the Immigration Department, counted from the right: 1 for the check, 2 to 9 to the left."""

    name = "hk_hkid"

    @staticmethod
    def remainder(body):
        values = [(" " + LETTERS).index(c) + 9 if c in LETTERS else int(c) if c != " " else 36 for c in body]
        return sum(weight * v for weight, v in enumerate(reversed(values), start=2)) % 11

    def good(self):
        body = rng.choice([" ", ""]) + pick(LETTERS, 1) + pick(DIGITS, 6)
        if len(body) == 7:
            body = pick(LETTERS, 1) + body
        check = "0123456789A"[-self.remainder(body) % 11]
        return body.strip() + rng.choice([check, f"({check})"])

    def bad(self):
        return damage(self.good(), DIGITS + "AB()")

    def oracle(self, value):
        parts = re.fullmatch(r"([A-Z]{1,2})([0-9]{6})(?:([0-9A])|\(([0-9A])\))", value)
        if not parts:
            return False
        body = parts[1].rjust(2) + parts[2]
        return (self.remainder(body) + int(parts[3] or parts[4], 16)) % 11 == 0

    def settled(self, value, weir):
        return None


class TaiwanId:
    """The letters' numbers as the household registration office lists them, then weights 1 9 8 7 6 5 4 3 2 1 1."""

    name = "tw_national_id"
    ORDER = "ABCDEFGHJKLMNPQRSTUVXYWZIO"  # 10 to 35

    def total(self, value):
        digits = str(self.ORDER.index(value[0]) + 10) + value[1:]
        return sum(int(d) * w for d, w in zip(digits, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)))

    def good(self):
        body = pick(LETTERS, 1) + pick("1289", 1) + pick(DIGITS, 7)
        return body + str(-self.total(body + "0") % 10)

    def bad(self):
        return damage(self.good(), DIGITS + "AZ")

    def oracle(self, value):
        return bool(re.fullmatch(r"[A-Z][1289][0-9]{8}", value)) and self.total(value) % 10 == 0

    def settled(self, value, weir):
        return None


class SocialSecurityNumber:
    name = "us_ssn"

    def good(self):
        area = rng.choice([n for n in range(1, 900) if n != 666])
        form = rng.choice(["{:03d}-{:02d}-{:04d}", "{:03d}{:02d}{:04d}"])
        return form.format(area, rng.randrange(1, 100), rng.randrange(1, 10_000))

    def bad(self):
        kind = rng.randrange(5)
        if kind == 0:
            return f"{rng.choice([0, 666, rng.randrange(900, 1000)]):03d}-{rng.randrange(100):02d}-{pick(DIGITS, 4)}"
        if kind == 1:
            return f"{pick(DIGITS, 3)}-00-{pick(DIGITS, 4)}"
        if kind == 2:
            return f"{pick(DIGITS, 3)}-{pick(DIGITS, 2)}-0000"
        if kind == 3:
            return rng.choice(["078-05-1120", "219-09-9999", "457-55-5462", "078051120"])
        return damage(self.good(), DIGITS)

    def oracle(self, value):
        # stdnum takes one hyphen without the other; the form is all or nothing.
        return bool(re.fullmatch(r"\d{3}-\d{2}-\d{4}|\d{9}", value, re.ASCII)) and ssn.is_valid(value)

    def settled(self, value, weir):
        return None


# --- organisations and money -----------------------------------------------------------------------------------

class CreditCode:
    name = "cn_uscc"

    def good(self):
        body = pick("159", 1) + pick("1239", 1) + rng.choice(COUNTIES) + pick(USCC_ALPHABET, 9)
        return body + uscc.calc_check_digit(body)

    def bad(self):
        if rng.randrange(100) == 0:
            body = pick("ANY", 1) + "1" + rng.choice(COUNTIES) + pick(USCC_ALPHABET, 9)
            return body + uscc.calc_check_digit(body)
        return damage(self.good(), USCC_ALPHABET + "IOSVZ")

    def oracle(self, value):
        return uscc.is_valid(value)

    def settled(self, value, weir):
        if weir and re.search(r"[A-Z]", value[:8]) and uscc.calc_check_digit(value[:17]) == value[17]:
            return "uscc letter"
        return None


class Iban:
    name = "payment_iban"

    def __init__(self):
        self.formats = {}
        for first in LETTERS:
            for second in LETTERS:
                info = numdb.get("iban").info(first + second)[0][1]
                if info and "bban" in info:
                    self.formats[first + second] = re.findall(r"([1-9][0-9]*)!([nac])", info["bban"])

    def good(self):
        country = rng.choice(sorted(self.formats))
        alphabets = {"n": DIGITS, "a": LETTERS, "c": DIGITS + LETTERS}
        body = "".join(pick(alphabets[kind], int(count)) for count, kind in self.formats[country])
        return country + mod_97_10.calc_check_digits(body + country) + body

    def bad(self):
        value = self.good()
        kind = rng.randrange(200)
        if kind == 0:  # the same remainder, outside 02 to 98
            twin = {"97": "00", "98": "01", "02": "99"}.get(value[2:4])
            return value[:2] + twin + value[4:] if twin else damage(value, DIGITS + LETTERS)
        if kind < 60:
            country = rng.choice(["CN", "US", "JP", "ZZ", "HK", "AU"])
            body = value[4:]
            return country + mod_97_10.calc_check_digits(body + country) + body
        return damage(value, DIGITS + LETTERS)

    def oracle(self, value):
        return value.isalnum() and value.isupper() and iban.is_valid(value, check_country=False)

    def settled(self, value, weir):
        if not weir and (value[2:4] in ("00", "01", "99") or not value[2:4].isdigit()):
            return "iban check"
        return None


class Card:
    """Luhn by stdnum; prefixes and lengths as one expression, most specific network first."""

    name = "payment_card"
    NETWORKS = re.compile(
        r"62\d{14,17}|4\d{12}|4\d{15}|4\d{18}|5[1-5]\d{14}|"
        r"(?:222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}|"
        r"35(?:2[89]|[3-8]\d)\d{12,15}|(?:30[0-59]|3[689]\d)\d{11,16}|"
        r"(?:6011|64[4-9]\d|65\d\d)\d{12,15}|(?:50|5[6-9]|6[136-9])\d{11,17}|60(?!11)\d{11,17}", re.ASCII)
    PREFIXES = ["62", "4", "51", "53", "55", "2221", "2500", "2720", "34", "37", "3528", "3566", "3589", "300",
                "305", "309", "36", "38", "39", "6011", "644", "649", "65", "50", "56", "59", "60", "61", "63",
                "66", "69"]

    def good(self):
        while True:
            body = rng.choice(self.PREFIXES)
            body += pick(DIGITS, rng.randrange(13, 20) - len(body) - 1)
            value = body + luhn.calc_check_digit(body)
            if self.NETWORKS.fullmatch(value):
                return value

    def bad(self):
        kind = rng.randrange(3)
        if kind == 0:
            body = pick(DIGITS, rng.randrange(11, 20))
            return body + luhn.calc_check_digit(body)
        if kind == 1:
            return pick(DIGITS, rng.randrange(12, 21))
        return damage(self.good(), DIGITS)

    def oracle(self, value):
        return bool(self.NETWORKS.fullmatch(value)) and luhn.is_valid(value)

    def settled(self, value, weir):
        return None


class Mobile:
    """The ranges of the numbering plan as one expression, with the ranges of machines; the country as people
    dial it and, without a sign, as E.164 has it stored."""

    name = "cn_mobile"
    RANGES = re.compile(
        r"(?:\+86|0086|86)?1(?:(?:610\d|740[0-5])\d{6}|49\d{8}|46\d{8}|48\d{8}|749\d{7}|"
        r"(?:3\d|8\d|4[57]|5[0-35-9]|6[25-7]|7[0-35-8]|9[0-35-9])\d{8})", re.ASCII)

    def good(self):
        while True:
            value = rng.choice(["", "", "", "+86", "0086", "86"]) + "1" + pick("3456789", 1) + pick(DIGITS, 9)
            if self.RANGES.fullmatch(value):
                return value

    def bad(self):
        if rng.randrange(2):
            return "1" + pick(DIGITS, 10)
        return damage(self.good(), DIGITS + "+")

    def oracle(self, value):
        return bool(self.RANGES.fullmatch(value))

    def settled(self, value, weir):
        return None


# --- shared checks ---------------------------------------------------------------------------------------------

class CalendarDate:
    name = "calendar_date"

    def good(self):
        return random_date(datetime.date(1000, 1, 1), datetime.date(9999, 12, 31)).strftime("%Y%m%d")

    def bad(self):
        return pick(DIGITS, 4) + rng.choice("01") + pick(DIGITS, 1) + rng.choice("0123") + pick(DIGITS, 1)

    def oracle(self, value):
        return date_or_none(value) is not None

    def settled(self, value, weir):
        return None


class PlausibleTime:
    name = "plausible_time"

    def good(self):
        seconds = CAPTURE_TIME + rng.randrange(-3652, 3652) * 86400 + rng.randrange(86400)
        if rng.randrange(3) == 0:
            moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
            return moment.strftime("%Y%m%d%H%M%S")
        return str(seconds) + pick(DIGITS, rng.choice([0, 3, 6, 9]))

    def bad(self):
        if rng.randrange(3) == 0:
            return rng.choice(["19", "20"]) + pick(DIGITS, 12)
        return rng.choice("12") + pick(DIGITS, rng.choice([8, 9, 10, 12, 15, 18]))

    def oracle(self, value):
        if len(value) == 14:
            try:
                moment = datetime.datetime.strptime(value, "%Y%m%d%H%M%S").replace(tzinfo=datetime.timezone.utc)
            except ValueError:
                return False
            seconds = moment.timestamp()
        elif len(value) in (10, 13, 16, 19):
            seconds = int(value[:10])
        else:
            return False
        return abs(seconds - CAPTURE_TIME) <= 3653 * 86400

    def settled(self, value, weir):
        return None


ORACLES = [ResidentId(), ResidentId15(), ResidencePermit(), ForeignPermanentResident(), HongKongId(), TaiwanId(),
           SocialSecurityNumber(), CreditCode(), Iban(), Card(), Mobile(), CalendarDate(), PlausibleTime()]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    cases = []
    for identifier in ORACLES:
        cases += [(identifier, identifier.good(), True) for _ in range(EACH_WAY)]
        cases += [(identifier, identifier.bad(), False) for _ in range(EACH_WAY)]
    lines = "".join(f"{identifier.name}\t{value}\n" for identifier, value, _ in cases)
    answer = subprocess.run([sys.argv[1], str(CAPTURE_TIME)], input=lines, capture_output=True, text=True, check=True)
    verdicts = answer.stdout.split()
    if len(verdicts) != len(cases):
        sys.exit(f"{len(cases)} values asked, {len(verdicts)} answered")

    failed = False
    for identifier in ORACLES:
        settled = {}
        wrong = []
        counted = {True: 0, False: 0}
        for (owner, value, _), verdict in zip(cases, verdicts):
            if owner is not identifier:
                continue
            if verdict not in "01":
                sys.exit(f"{identifier.name}: no such validator")
            weir = verdict == "1"
            oracle = identifier.oracle(value)
            counted[oracle] += 1
            if weir == oracle:
                continue
            reason = identifier.settled(value, weir)
            if reason is None:
                wrong.append((value, weir, oracle))
            else:
                settled[reason] = settled.get(reason, 0) + 1
        for reason in settled:
            assert reason in SETTLED, reason
        share = sum(settled.values()) / (2 * EACH_WAY)
        # An oracle that says the same to everything proves nothing.
        lively = counted[True] >= EACH_WAY * 0.9 and counted[False] >= EACH_WAY * 0.3
        bad = bool(wrong) or share > SETTLED_LIMIT or not lively
        failed |= bad
        print(f"{'FAILED' if bad else 'ok':6} {identifier.name:29} valid {counted[True]:5} invalid "
              f"{counted[False]:5} disagreements {len(wrong)} settled {settled or 0}")
        for value, weir, oracle in wrong[:10]:
            print(f"         {value}: weir {weir}, oracle {oracle}")
    for reason, why in sorted(SETTLED.items()):
        print(f"settled, {reason}: {why}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
