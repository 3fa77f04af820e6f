#!/usr/bin/python3
"""curl posts chunked JSON and waits for 100 Continue; nginx passes it on to an application server."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, json_of

people = People("upload_post_continue").persons(40)
body = json_of(people, ("name", "resident_id", "mobile", "card")).encode()
case = Case(__file__)
case.persons(people, ("name", "resident_id", "mobile", "card"))
case.item("initiator", "body", {"cn.resident_id": 40, "cn.mobile": 40, "payment.card": 40}, body)
with Lab(__file__) as lab:
    lab.app()
    lab.nginx()
    lab.capture()
    lab.curl("-H", "Transfer-Encoding: chunked", "-H", "Expect: 100-continue", "-H", "Content-Type: application/json",
             "--data-binary", "@" + lab.file("members.json", body), f"http://{SERVER4}/api/members")
    lab.stop_capture()
case.write("Chunked POST after 100 Continue",
           "Chunked request bodies are joined; an interim answer does not shift the pairing of messages.",
           "curl -> nginx -> Python application server, IPv4; chunked request, 100 then 200")
