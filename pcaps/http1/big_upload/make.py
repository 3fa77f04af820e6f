#!/usr/bin/python3
"""A long upload: one alert is made while it runs, updated, and final at its end."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, csv_of

people = People("big_upload").persons(2500)
fields = ("name", "resident_id", "mobile")
body = csv_of(people, fields, "上海市浦东新区某某路某号某室；首次购买；同意接收通知；会员等级：普通；来源：线下门店登记").encode()
case = Case(__file__)
case.persons(people, fields)
case.item("initiator", "body", {"cn.resident_id": 2500, "cn.mobile": 2500}, body)
with Lab(__file__) as lab:
    lab.nginx()
    lab.capture()
    lab.curl("-T", lab.file("all.csv", body), f"http://{SERVER4}/dav/all.csv")
    lab.stop_capture()
case.write("A long upload", "Create, Updates as the severity rises, one last at the end; the last revision counts all.",
           f"curl -> nginx, IPv4, one body of {len(body)} bytes")
