#!/usr/bin/python3
"""JSON in which every character of keys and values is a \\uXXXX escape."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People


def escaped(text):
    return "".join(f"\\u{ord(c):04x}" for c in text)


draw = People("json_escapes")
people = draw.persons(4)
rows = []
for p in people:
    pairs = [("姓名", p["name"]), ("身份证号", p["resident_id"]), ("手机号", p["mobile"])]
    rows.append("{" + ",".join(f'"{escaped(k)}":"{escaped(v)}"' for k, v in pairs) + "}")
# The first person once more in plain digits: still the same person.
plain = '{"idcard":"%s"}' % people[0]["resident_id"]
body = ("[" + ",".join(rows + [plain]) + "]").encode()
assert all(p["mobile"].encode() not in body for p in people)
case = Case(__file__)
case.persons(people, ("name", "resident_id", "mobile"))
case.item("initiator", "body", {"cn.resident_id": 4, "cn.mobile": 4}, body)
with Lab(__file__) as lab:
    lab.app()
    lab.nginx()
    lab.capture()
    lab.curl("-H", "Content-Type: application/json", "--data-binary", "@" + lab.file("body.json", body),
             f"http://{SERVER4}/api/save")
    lab.stop_capture()
case.write("JSON escapes", "Escapes are undone in keys and values; the same value twice is one person.",
           "curl -> nginx, IPv4, POST")
