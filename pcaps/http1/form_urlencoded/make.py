#!/usr/bin/python3
"""A registration form, percent-encoded by curl, with a plus sign as a space."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People

draw = People("form_urlencoded")
person, other = draw.person(), draw.person()
passport = draw.passport()
spaced = f"{other['mobile'][:3]} {other['mobile'][3:7]} {other['mobile'][7:]}"
fields = [("姓名", person["name"]), ("身份证号", person["resident_id"]), ("手机号", person["mobile"]),
          ("护照号", passport), ("email", person["email"]), ("remark", "请尽快处理&谢谢")]
case = Case(__file__)
case.persons([person])
case.secret(other["mobile"], spaced, passport)
case.item("initiator", "body", {"cn.resident_id": 1, "cn.mobile": 2, "cn.passport": 1, "net.email": 1})
with Lab(__file__) as lab:
    lab.app()
    lab.nginx()
    lab.capture()
    arguments = []
    for name, value in fields:
        arguments += ["--data-urlencode", f"{name}={value}"]
    lab.curl(*arguments, "-d", "tel=%2B86+" + spaced.replace(" ", "+"), f"http://{SERVER4}/api/register")
    lab.stop_capture()
case.write("URL-encoded form", "Percent codes and + are undone; field names are context.", "curl -> nginx, IPv4, POST")
