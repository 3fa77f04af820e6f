#!/usr/bin/python3
"""Synthetic people for the captures: the same seed gives the same people.

Nobody real is in here. Resident identity numbers use district codes that were never assigned (xx99xx), e-mail
addresses the reserved example domains, cards issuer ranges nobody issues from. Check digits are right and
are computed here from the standards; `people.py --check` holds them against python3-stdnum.

    people.py SEED [N]     prints N people as JSON Lines
    people.py --check      compares every kind of number with python3-stdnum; exit code 1 on a difference
"""
import json
import random
import sys

# Provinces whose identity numbers cannot be taken for a card by their first digits (30, 36, 5x, 6x can).
PROVINCES = ["11", "12", "31", "32", "33", "42", "43", "44", "45"]
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高"
GIVEN = "伟芳娜敏静丽强磊洋艳勇军杰娟涛明超霞平刚桂兰玉梅文辉力斌鹏飞"
PINYIN = {"王": "wang", "李": "li", "张": "zhang", "刘": "liu", "陈": "chen", "杨": "yang", "黄": "huang",
          "赵": "zhao", "吴": "wu", "周": "zhou", "徐": "xu", "孙": "sun", "马": "ma", "朱": "zhu", "胡": "hu",
          "郭": "guo", "何": "he", "林": "lin", "罗": "luo", "高": "gao"}
MOBILE_PREFIXES = ["130", "135", "138", "139", "150", "156", "159", "166", "173", "177", "180", "186", "189", "191",
                   "199"]


def resident_check(first17):
    """The check character of GB 11643 (ISO 7064 MOD 11-2)."""
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return "10X98765432"[sum(int(d) * w for d, w in zip(first17, weights)) % 11]


def luhn_check(body):
    total = 0
    for i, digit in enumerate(reversed(body)):
        n = int(digit) * (2 if i % 2 == 0 else 1)
        total += n - 9 if n > 9 else n
    return str(-total % 10)


def iban(country, bban):
    number = "".join(str(int(c, 36)) for c in bban + country + "00")
    return f"{country}{98 - int(number) % 97:02d}{bban}"


def hkid(letter, digits):
    """Weights 9..2, a blank before a single letter counting 36."""
    total = 9 * 36 + 8 * (ord(letter) - 55) + sum(int(d) * w for d, w in zip(digits, range(7, 1, -1)))
    return f"{letter}{digits}({'0123456789A'[-total % 11]})"


def tw_id(letter, eight):
    """Letter as two digits, weights 1 9 8 7 6 5 4 3 2 1 and the check."""
    code = str("ABCDEFGHJKLMNPQRSTUVXYWZIO".index(letter) + 10)
    digits = code + eight
    total = sum(int(d) * w for d, w in zip(digits, [1, 9, 8, 7, 6, 5, 4, 3, 2, 1]))
    return f"{letter}{eight}{-total % 10}"


USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def uscc(first17):
    """GB 32100: weights 3^i mod 31."""
    total = sum(USCC_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(first17))
    return first17 + USCC_ALPHABET[-total % 31]


class People:
    """Draws people and numbers; no value comes twice from one instance."""

    def __init__(self, seed):
        self.rng = random.Random(f"weir-{seed}")
        self.seen = set()

    def _fresh(self, make):
        while True:
            value = make()
            if value not in self.seen:
                self.seen.add(value)
                return value

    def _digits(self, n):
        return "".join(self.rng.choice("0123456789") for _ in range(n))

    def name(self):
        return self._fresh(lambda: self.rng.choice(SURNAMES) +
                           "".join(self.rng.choice(GIVEN) for _ in range(self.rng.choice([1, 2, 2]))))

    def _resident(self, area):
        date = f"{self.rng.randint(1950, 2004)}{self.rng.randint(1, 12):02d}{self.rng.randint(1, 28):02d}"
        first = area + date + f"{self.rng.randint(1, 999):03d}"
        return first + resident_check(first)

    def resident_id(self):
        return self._fresh(lambda: self._resident(self.rng.choice(PROVINCES) + "99" + f"{self.rng.randint(1, 99):02d}"))

    def resident_id_15(self):
        def make():
            return (self.rng.choice(PROVINCES) + "99" + f"{self.rng.randint(1, 99):02d}" +
                    f"{self.rng.randint(30, 80):02d}{self.rng.randint(1, 12):02d}{self.rng.randint(1, 28):02d}" +
                    self._digits(3))
        return self._fresh(make)

    def residence_permit(self):
        return self._fresh(lambda: self._resident(self.rng.choice(["810000", "820000", "830000"])))

    def mobile(self):
        return self._fresh(lambda: self.rng.choice(MOBILE_PREFIXES) + self._digits(8))

    def landline(self):
        return self._fresh(lambda: self.rng.choice(["010-6", "021-5", "020-8", "0755-2"]) + self._digits(7))

    def card(self):
        def make():
            prefix, length = self.rng.choice([("629999", 16), ("629999", 19), ("411111", 16)])
            body = prefix + self._digits(length - 1 - len(prefix))
            return body + luhn_check(body)
        return self._fresh(make)

    def iban(self):
        return self._fresh(lambda: iban("DE", self._digits(18)))

    def passport(self):
        return self._fresh(lambda: "E" + self._digits(8))

    def hkid(self):
        return self._fresh(lambda: hkid(self.rng.choice("ABCDEFGHK"), self._digits(6)))

    def tw_id(self):
        return self._fresh(lambda: tw_id(self.rng.choice("ABCDEFGH"), self.rng.choice("12") + self._digits(7)))

    def uscc(self):
        return self._fresh(lambda: uscc("91" + self.rng.choice(["110108", "310115", "440305"]) + "MA" +
                                        "".join(self.rng.choice(USCC_ALPHABET) for _ in range(7))))

    def ssn(self):
        def make():
            return (f"{self.rng.choice([n for n in range(100, 700) if n != 666])}-{self.rng.randint(10, 99)}-"
                    f"{self.rng.randint(1000, 8999)}")
        return self._fresh(make)

    def email(self, name):
        domain = self.rng.choice(["example.com", "mail.example.org", "corp.example.net"])
        return self._fresh(lambda: f"{PINYIN[name[0]]}.{self.rng.choice('bcdfghjklm')}{self.rng.choice('aeiou')}"
                                   f"{self.rng.choice('ngrst')}{self.rng.randint(10, 99)}@{domain}")

    def person(self):
        name = self.name()
        return {"name": name, "resident_id": self.resident_id(), "mobile": self.mobile(), "card": self.card(),
                "email": self.email(name)}

    def persons(self, n):
        return [self.person() for _ in range(n)]


def check():
    """Every kind of number against python3-stdnum."""
    import stdnum.cn.ric
    import stdnum.cn.uscc
    import stdnum.iban
    import stdnum.luhn
    import stdnum.us.ssn
    people = People("check")
    for _ in range(2000):
        for number in (people.resident_id(), people.residence_permit()):
            # cn.ric knows only assigned districts; its check digit is asked alone.
            assert stdnum.cn.ric.calc_check_digit(number) == number[-1], number
        assert stdnum.luhn.is_valid(people.card())
        assert stdnum.iban.is_valid(people.iban())
        assert stdnum.cn.uscc.is_valid(people.uscc())
        assert stdnum.us.ssn.is_valid(people.ssn())
    # stdnum 1.18 has neither: published examples instead (Hong Kong Immigration Department, Taiwan's MOI).
    assert hkid("G", "123456") == "G123456(A)" and hkid("A", "123456") == "A123456(3)"
    assert tw_id("A", "12345678") == "A123456789" and tw_id("M", "14005165") == "M140051653"
    print("people: 2000 numbers of each kind agree with python3-stdnum")


def main():
    if sys.argv[1:] == ["--check"]:
        check()
        return
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for person in People(sys.argv[1]).persons(int(sys.argv[2]) if len(sys.argv) > 2 else 5):
        print(json.dumps(person, ensure_ascii=False))


if __name__ == "__main__":
    main()
