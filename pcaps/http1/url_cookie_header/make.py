#!/usr/bin/python3
"""Personal data outside the body: query string, path, cookie, a header of the application."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from urllib.parse import quote

from lab import SERVER4, Case, Lab, People

draw = People("url_cookie_header")
a, b, c, d, e = draw.persons(5)
case = Case(__file__)
case.secret(a["resident_id"], a["name"], b["mobile"], c["email"], d["mobile"], d["name"], e["resident_id"])
case.item("initiator", "url", {"cn.resident_id": 1})
case.item("initiator", "headers", {"cn.mobile": 1, "net.email": 1})
case.item("initiator", "url", {"cn.mobile": 1})
case.item("initiator", "url", {"cn.resident_id": 1})
with Lab(__file__) as lab:
    lab.app()
    lab.nginx(server="location /q { return 204; }")
    lab.capture()
    base = f"http://{SERVER4}/q"
    lab.curl(f"{base}?name={quote(a['name'])}&idcard={a['resident_id']}")
    lab.curl("-b", f"sid=a81f; mobile={b['mobile']}", "-H", f"X-User-Email: {c['email']}", f"{base}/home")
    # Percent-encoded twice: the keyword and the equals sign.
    lab.curl(f"{base}?{quote(quote('手机号=' + d['mobile']))}&x={quote(quote(d['name']))}")
    lab.curl(f"{base}/user/{e['resident_id']}/avatar")
    lab.stop_capture()
case.write("URL, cookie and headers", "URL and headers are items of their own; no part of them leaves in clear.",
           "curl -> nginx, IPv4, four connections, answers 204")
