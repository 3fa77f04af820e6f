#!/usr/bin/python3
"""Numbers in full-width digits, as input methods write them, and with zero-width spaces between digits."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People

draw = People("fullwidth_digits")
people = draw.persons(5)
wide = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
page = "<html><head><meta charset=utf-8></head><body>\n"
case = Case(__file__)
for p in people[:4]:
    page += f"<p>姓名：{p['name']}　身份证号：{p['resident_id'].translate(wide)}　手机：{p['mobile'].translate(wide)}</p>\n"
    case.secret(p["name"], p["resident_id"], p["mobile"], p["resident_id"].translate(wide), p["mobile"].translate(wide))
hidden = "\u200b".join(people[4]["resident_id"])
page += f"<p>身份证号：{hidden}。</p></body></html>\n"
case.secret(people[4]["resident_id"], hidden)
case.item("responder", "body", {"cn.resident_id": 5, "cn.mobile": 4}, page.encode())
with Lab(__file__) as lab:
    lab.www("list.html", page.encode())
    lab.nginx()
    lab.capture()
    lab.curl(f"http://{SERVER4}/list.html")
    lab.stop_capture()
case.write("Full-width digits", "Unicode digits are read by value; invisible characters between digits are dropped.",
           "curl -> nginx, IPv4")
