#!/usr/bin/python3
"""curl uploads a customer list to nginx through the kernel's own VXLAN device."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import CLIENT4, SERVER4, Case, Lab, People, csv_of
from lab.lab import run

VNI, CLIENT, SERVER = 5001, "10.77.0.2", "10.77.0.80"
people = People("tunnel_vxlan").persons(9)
body = csv_of(people).encode()
case = Case(__file__)
case.persons(people)
case.item("initiator", "body", {"cn.resident_id": 9, "cn.mobile": 9, "net.email": 9}, body)
with Lab(__file__) as lab:
    for ns, local, remote, address, mac in ((lab.a, CLIENT4, SERVER4, CLIENT, "02:00:00:77:00:02"),
                                            (lab.b, SERVER4, CLIENT4, SERVER, "02:00:00:77:00:80")):
        run(["ip", "-n", ns, "link", "add", "vx0", "address", mac, "type", "vxlan", "id", str(VNI), "local", local,
             "remote", remote, "dstport", "4789", "dev", "w0"])
        run(["ip", "-n", ns, "addr", "add", address + "/24", "dev", "vx0"])
        run(["ip", "-n", ns, "link", "set", "vx0", "up"])
    lab.nginx(server=f"listen {SERVER}:80;")
    lab.capture(options=("udp port 4789",))
    lab.curl("-T", lab.file("customers.csv", body), f"http://{SERVER}/dav/customers.csv")
    lab.stop_capture()
case.write("VXLAN", "What is in a VXLAN segment is read, its ARP is told, and the alert names the inner addresses and the VNI.",
           "curl -> nginx over the Linux kernel's VXLAN, IPv4 in IPv4", tunnel=[f"vxlan:{VNI}"],
           stderr_has=[r"tunnels +vxlan \d+\n", r"arp \d"])
