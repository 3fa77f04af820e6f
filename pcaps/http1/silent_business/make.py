#!/usr/bin/python3
"""Business records full of long numbers: orders, parcels, serials, UUIDs, hashes, timestamps, masked values."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
import hashlib
import json
import random
import uuid

from people import luhn_check, resident_check

from lab import SERVER4, Case, Lab

rng = random.Random("silent_business")


def digits(n):
    return "".join(rng.choice("0123456789") for _ in range(n))


def order_number(n):
    """Looks like nothing else: its check digit is wrong as a card's and as an identity number's."""
    while True:
        number = "2024" + digits(n - 4)
        if luhn_check(number[:-1]) != number[-1] and (n != 18 or resident_check(number[:17]) != number[17]):
            return number


orders = []
for i in range(40):
    milliseconds = 1767225600000 + rng.randint(0, 86_400_000)
    orders.append({"order_no": order_number(rng.choice([16, 18, 20])), "trade_no": order_number(22),
                   "uuid": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
                   "sha1": hashlib.sha1(str(i).encode()).hexdigest(), "created_ms": milliseconds,
                   "created": milliseconds // 1000, "created_us": milliseconds * 1000 + rng.randint(0, 999),
                   "amount": f"{rng.randint(1, 9999)}.{rng.randint(0, 99):02d}", "rate": "0." + digits(19),
                   "version": "10.4.17763.1", "status": "PAID"})
masked = {"会员": "王**", "身份证号": "110101********8531", "手机号": "138****5678", "银行卡号": "6222 **** **** 0128",
          "邮箱": "z***@example.com"}
stamp = [f"2026010112{rng.randint(10, 59)}{rng.randint(10, 59)}" for _ in range(10)]
text = "".join(f"订单号：{order_number(18)}　运单号：SF{digits(12)}　流水号：{order_number(20)}　时间：{s}\n" for s in stamp)
log = "".join(f'10.20.{rng.randint(0, 255)}.{rng.randint(1, 254)} - - [12/Jan/2026:10:{i:02d}:00 +0800] '
              f'"GET /static/app.{hashlib.md5(str(i).encode()).hexdigest()[:8]}.js HTTP/1.1" 200 {rng.randint(100, 99999)} '
              f'"-" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36" {rng.randint(0, 9)}.{digits(3)}\n'
              for i in range(50))
case = Case(__file__)
with Lab(__file__) as lab:
    lab.www("orders.json", json.dumps({"masked": masked, "orders": orders}, ensure_ascii=False).encode())
    lab.www("orders.txt", text.encode())
    lab.www("access.log", log.encode())
    lab.nginx(http="charset utf-8;")
    lab.capture()
    lab.curl(*(f"http://{SERVER4}/{name}" for name in ("orders.json", "orders.txt", "access.log")))
    lab.stop_capture()
case.write("Orders, parcels, time stamps, masked values, access log",
           "Long numbers that are not a person's stay silent; a masked value is no leak.", "curl -> nginx, IPv4")
