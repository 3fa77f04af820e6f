#!/usr/bin/python3
"""Twelve clients and four servers at the same time, so that every worker has pairs of hosts of its own."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import Case, Lab, People, csv_of

draw = People("many_hosts")
clients = [f"10.66.0.{n}" for n in range(101, 109)] + [f"fd00:66::{n}" for n in range(101, 105)]
servers = {4: ["10.66.0.201", "10.66.0.202"], 6: ["fd00:66::201", "fd00:66::202"]}
case = Case(__file__)
with Lab(__file__) as lab:
    lab.more_addresses(clients, servers[4] + servers[6])
    urls = []
    for n, client in enumerate(clients):
        shown = draw.persons(n % 4 + 1)
        body = csv_of(shown).encode()
        lab.www(f"{n}.csv", body)
        case.persons(shown)
        for server in servers[6 if ":" in client else 4]:
            case.item("responder", "body", {name: n % 4 + 1 for name in ("cn.resident_id", "cn.mobile", "net.email")}, body)
            urls.append(f"--interface {client} http://{'[%s]' % server if ':' in server else server}/{n}.csv")
    lab.nginx(http="".join(f"server {{ listen {'[%s]' % s if ':' in s else s}:80; root {lab.work}/www; }}"
                           for s in servers[4] + servers[6]))
    lab.capture(options=["tcp"])
    lab.client(["xargs", "-P", "8", "-L", "1", "curl", "-g", "--silent", "--show-error", "--fail", "-o", "/dev/null"],
               input="\n".join(urls).encode())
    lab.stop_capture()
case.digests = sorted(set(case.digests))
case.write("Many hosts at once", "Alerts of several workers come out in one order, whatever their number.",
           "curl -> nginx, twelve clients and four server addresses, IPv4 and IPv6, eight connections at a time")
