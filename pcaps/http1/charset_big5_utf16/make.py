#!/usr/bin/python3
"""A Big5 page from Hong Kong and Taiwan, and a table exported in UTF-16LE with a byte-order mark."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, csv_of

draw = People("charset_big5_utf16")
hkids, tw_ids = [draw.hkid() for _ in range(4)], [draw.tw_id() for _ in range(3)]
big5 = ("<html><head><title>客戶資料</title></head><body>\n" +
        "".join(f"<p>香港身份證號碼：{v}，地址：九龍彌敦道</p>\n" for v in hkids) +
        "".join(f"<p>身分證字號：{v}，地址：臺北市中山區</p>\n" for v in tw_ids) + "</body></html>\n").encode("big5")
people = draw.persons(10)
utf16 = b"\xff\xfe" + csv_of(people).replace(",", "\t").encode("utf-16-le")
case = Case(__file__)
case.secret(*hkids, *(v.replace("(", "").replace(")", "") for v in hkids), *tw_ids)
case.persons(people)
case.item("responder", "body", {"hk.hkid": 4, "tw.national_id": 3}, big5)
case.item("responder", "body", {"cn.resident_id": 10, "cn.mobile": 10, "net.email": 10}, utf16)
with Lab(__file__) as lab:
    lab.www("page.html", big5)
    lab.www("table.txt", utf16)
    lab.nginx(server="location = /page.html { charset big5; }")
    lab.capture()
    lab.curl(f"http://{SERVER4}/page.html", f"http://{SERVER4}/table.txt")
    lab.stop_capture()
case.write("Big5 and UTF-16LE", "Big5 by declaration, UTF-16LE by its byte-order mark; Hong Kong and Taiwan identities.",
           "curl -> nginx, IPv4, one connection")
