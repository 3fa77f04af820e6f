#!/usr/bin/python3
"""redis-cli stores people in a redis server and reads two back: a protocol that no parser knows."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People

people = People("redis").persons(6)
records = [f'{{"name":"{p["name"]}","idcard":"{p["resident_id"]}","mobile":"{p["mobile"]}","email":"{p["email"]}"}}'
           for p in people]
case = Case(__file__)
case.persons(people)
case.item("initiator", "raw", {"cn.resident_id": 6, "cn.mobile": 6, "net.email": 6})
case.item("responder", "raw", {"cn.resident_id": 2, "cn.mobile": 2, "net.email": 2})
with Lab(__file__) as lab:
    lab.server(["redis-server", "--port", "6379", "--bind", SERVER4, "--save", "", "--protected-mode", "no", "--dir",
                lab.work, "--daemonize", "no", "--logfile", f"{lab.work}/redis.log"], port=6379)
    lab.capture()
    pairs = [part for i, record in enumerate(records) for part in (f"user:{i}", record)]
    lab.client(["redis-cli", "-h", SERVER4, "MSET", *pairs])
    lab.client(["redis-cli", "-h", SERVER4, "MGET", "user:2", "user:4"])
    lab.stop_capture()
case.write("redis", "What no parser claims is still read, in both directions.",
           "redis-cli -> redis-server, TCP 6379, IPv4, two connections")
