#!/usr/bin/python3
"""A form with text fields and a file, as multipart/form-data."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, csv_of

draw = People("multipart")
owner, people = draw.person(), draw.persons(9)
table = csv_of(people).encode()
case = Case(__file__)
case.persons([owner] + people)
# Text fields are the body's own text; the file is an item below it.
case.item("initiator", "body", {"cn.resident_id": 1, "cn.mobile": 1})
case.item("initiator", "part", {"cn.resident_id": 9, "cn.mobile": 9, "net.email": 9}, table)
with Lab(__file__) as lab:
    lab.app()
    lab.nginx()
    lab.capture()
    lab.curl("-F", f"name={owner['name']}", "-F", f"idcard={owner['resident_id']}", "-F", f"mobile={owner['mobile']}",
             "-F", f"file=@{lab.file('customers.csv', table)};type=text/csv", f"http://{SERVER4}/api/import")
    lab.stop_capture()
case.write("multipart/form-data",
           "Text fields belong to the body, with their names as context; a file is an item of its own and keeps its name.",
           "curl -F -> nginx, IPv4, POST")
