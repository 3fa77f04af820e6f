#!/usr/bin/python3
"""One page with two values of every kind that Weir knows, each with its name."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People

draw = People("all_detectors")
email = draw.email
KINDS = [("cn.resident_id", "身份证号", draw.resident_id), ("cn.resident_id_15", "身份证号码（旧）", draw.resident_id_15),
         ("cn.hmt_residence_permit", "港澳台居民居住证", draw.residence_permit), ("cn.mobile", "手机号", draw.mobile),
         ("cn.landline", "座机", draw.landline), ("payment.card", "银行卡号", draw.card), ("payment.iban", "IBAN", draw.iban),
         ("cn.passport", "护照号码", draw.passport), ("hk.hkid", "香港身份證", draw.hkid),
         ("tw.national_id", "身分證統一編號", draw.tw_id), ("cn.uscc", "统一社会信用代码", draw.uscc),
         ("net.email", "电子邮箱", lambda: email("王")), ("us.ssn", "Social Security Number", draw.ssn)]
page = "<html><head><meta charset=utf-8><title>登记表</title></head><body>\n"
case = Case(__file__)
for _, label, make in KINDS:
    for value in (make(), make()):
        page += f"<p>{label}：{value}。以上内容由本人填写，确认无误，仅供本次登记使用，请妥善保管，不得转给任何其他单位和个人。</p>\n"
        case.secret(value)
page += "</body></html>\n"
case.item("responder", "body", {name: 2 for name, _, _ in KINDS}, page.encode())
with Lab(__file__) as lab:
    lab.www("form.html", page.encode())
    lab.nginx(http="charset utf-8;")
    lab.capture()
    lab.curl(f"http://{SERVER4}/form.html")
    lab.stop_capture()
case.write("Every detector", "Each kind is found as itself and as nothing else.", "curl -> nginx, IPv4")
