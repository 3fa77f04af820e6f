#!/usr/bin/python3
"""Values where an alert tells of them, in notations that no detector needs to know: each is also there in clear, so that the item
alerts and counts one, however much of the rest is found. Written by a script, not recorded: no program sends these."""
import base64
import json
import os
import sys
from urllib.parse import quote

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
sys.path[:0] = [os.path.join(ROOT, "pcaps"), os.path.join(ROOT, "tests/golden")]
from lab import Case, People  # noqa: E402
from random_captures import Capture  # noqa: E402

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
draw = People("names_and_places")
case, capture = Case(__file__), Capture(20261130)


def send(method, target, head, body=b""):
    head = "".join(f"{name}: {value}\r\n" for name, value in head).encode()
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    capture.conversation(80, [(0, f"{method} {target} HTTP/1.1\r\n".encode() + head + length + b"\r\n" + body), (1, OK)], v6=False)


def person():
    one = draw.person()
    case.persons([one], ("name", "resident_id"))
    return one, one["resident_id"]


def groups(number, by, size):
    return by.join(number[i:i + size] for i in range(0, len(number), size))


# Names and addresses as names of fields: in a list, in a sentence, as keys of JSON, in a form.
people = [person() for _ in range(4)]
lines = "\n".join(f"{one['name']}:{number}" for one, number in people)
send("POST", "/api/list", [("Host", "a.example"), ("Content-Type", "text/plain; charset=utf-8")], lines.encode())
case.item("initiator", "body", {"cn.resident_id": 4}, lines.encode())
one, number = person()
text = f"住北京市海淀区中关村大街27号的{one['name']}身份证号：{number}"
case.secret("北京市海淀区", "中关村")
send("POST", "/api/text", [("Host", "a.example"), ("Content-Type", "text/plain; charset=utf-8")], text.encode())
case.item("initiator", "body", {"cn.resident_id": 1}, text.encode())
people = [person() for _ in range(3)]
keys = json.dumps({people[0][0]["name"]: people[0][1], f"身份证_{people[1][0]['name']}": people[1][1],
                   "密码Hunter2身份证": people[2][1]}, ensure_ascii=False)
case.secret("Hunter2")
send("POST", "/api/keys", [("Host", "a.example"), ("Content-Type", "application/json")], keys.encode())
case.item("initiator", "body", {"cn.resident_id": 3}, keys.encode())
one, number = person()
form = f"{quote(one['name'])}={number}"
send("POST", "/api/form", [("Host", "a.example"), ("Content-Type", "application/x-www-form-urlencoded")], form.encode())
case.item("initiator", "body", {"cn.resident_id": 1}, form.encode())

# Names of files: in groups, as a word of RFC 2047, as RFC 2231 has it, in base64, in full-width and other numerals.
for write in (lambda n: f'filename="{groups(n, " ", 4)}.txt"', lambda n: f'filename="{groups(n, ";", 6)}.txt"',
              lambda n: 'filename="=?UTF-8?B?' + base64.b64encode(n.encode()).decode() + '?="',
              lambda n: "filename*=UTF-8''" + quote(groups(n, " ", 3)), lambda n: 'filename="' + quote(quote(groups(n, "_", 6))) + '"',
              lambda n: 'filename="cv-' + base64.urlsafe_b64encode(n.encode()).decode() + '.txt"',
              lambda n: 'filename="' + n[:-1].translate(str.maketrans("0123456789", "０１２３４５６７８９")) + '.txt"',
              lambda n: 'filename="' + n[:-1].translate(str.maketrans("0123456789", "〇一二三四五六七八九")) + '.txt"',
              lambda n: 'filename="' + n[:-1].translate(str.maketrans("0123456789", "〇〡〢〣〤〥〦〧〨〩")) + '.txt"',
              lambda n: 'filename="' + "".join(f"&#{ord(c)};" for c in n) + '"',
              lambda n: 'filename="' + "".join(f"%u{ord(c):04x}" for c in n) + '"'):
    one, number = person()
    part = f"id {number}"
    # In the body as well, and before the file: what of the name is found there is the same value.
    body = (f"--B\r\nContent-Disposition: form-data; name=\"身份证\"\r\n\r\n{number}\r\n"
            f"--B\r\nContent-Disposition: form-data; name=\"f\"; {write(number)}\r\n\r\n{part}\r\n--B--\r\n")
    send("POST", "/api/file", [("Host", "a.example"), ("Content-Type", "multipart/form-data; boundary=B")], body.encode())
    case.item("initiator", "body", {"cn.resident_id": 1}, body.encode())
    case.item("initiator", "part", {"cn.resident_id": 1}, part.encode())

# The request's target: what does not show between the digits, escapes of escapes, values in parameters and as names.
for write in (lambda n: f"/u/{n[:6]}%E2%80%8E{n[6:12]}%E2%80%8E{n[12:]}?id={n}", lambda n: f"/u/{groups(n, '/', 4)}?id={n}",
              lambda n: "/u/" + "".join(f"%25{ord(c):x}" for c in n) + f"?id={n}", lambda n: f"/u;no={n}/x?id={n}",
              lambda n: "/u/" + "".join(f"\\x{ord(c):x}" for c in n) + f"?id={n}", lambda n: f"/u?{n}&{groups(n, '-', 5)}=1&id={n}",
              lambda n: "/u/" + base64.urlsafe_b64encode(n.encode()).decode() + f"/x?id={n}"):
    one, number = person()
    send("GET", write(number), [("Host", "a.example")])
    case.item("initiator", "url", {"cn.resident_id": 1})

# Who and where: host, user, forwarded address; an address whose domain is a number.
one, number = person()
user = base64.b64encode(f"{groups(number, ' ', 6)}:x".encode()).decode()
send("GET", "/", [("Host", groups(number, ".", 6) + ".example:8080"), ("Authorization", f"Basic {user}"),
                  ("X-Forwarded-For", f"{groups(number, ':', 4)}, 198.51.100.7"), ("Cookie", f"idcard={number}")])
case.item("initiator", "headers", {"cn.resident_id": 1})
one, number = person()
text = f"zhang.san@{number}.cn 身份证号 {number}"
case.secret("zhang.san@")
send("POST", "/api/mail", [("Host", "192.0.2.77:8080"), ("Content-Type", "text/plain")], text.encode())
case.item("initiator", "body", {"cn.resident_id": 1, "net.email": 1}, text.encode())

capture.write(os.path.join(case.folder, "input.pcap"))
case.write("Values in names and places", "What is found is masked wherever an alert shows it: names of fields, names of files, URLs, hosts, "
           "users, in every notation.", "requests written by a script, IPv4, HTTP/1.1")
