#!/usr/bin/python3
"""curl uploads a customer list to nginx through the kernel's own VXLAN device over a link with a smaller MTU than inside: the
kernel sends the outer datagrams in fragments."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import CLIENT4, SERVER4, Case, Lab, People, csv_of
from lab.lab import run
from lab.pieces import tshark_rows

VNI, CLIENT, SERVER = 5001, "10.77.0.2", "10.77.0.80"
people = People("vxlan_fragments").persons(60)
body = csv_of(people).encode()
case = Case(__file__)
case.persons(people)
case.item("initiator", "body", {"cn.resident_id": 60, "cn.mobile": 60, "net.email": 60}, body)
with Lab(__file__, mtu=1280) as lab:
    for ns, local, remote, address, mac in ((lab.a, CLIENT4, SERVER4, CLIENT, "02:00:00:77:00:02"),
                                            (lab.b, SERVER4, CLIENT4, SERVER, "02:00:00:77:00:80")):
        run(["ip", "-n", ns, "link", "add", "vx0", "address", mac, "type", "vxlan", "id", str(VNI), "local", local,
             "remote", remote, "dstport", "4789", "df", "unset"])
        run(["ip", "-n", ns, "link", "set", "vx0", "mtu", "1500"])
        run(["ip", "-n", ns, "addr", "add", address + "/24", "dev", "vx0"])
        run(["ip", "-n", ns, "link", "set", "vx0", "up"])
    lab.nginx(server=f"listen {SERVER}:80;")
    lab.capture(options=("udp port 4789 or ip[6:2] & 0x3fff != 0",))
    lab.curl("-T", lab.file("customers.csv", body), f"http://{SERVER}/dav/customers.csv")
    lab.stop_capture()
pieces = len(tshark_rows(lab.path, "ip.flags.mf==1 or ip.frag_offset>0", "ip.id"))
assert pieces >= 4, pieces
segments = {row[0]: bytes.fromhex(row[1].replace(":", "")) for row in
            tshark_rows(lab.path, f"ip.src=={CLIENT} and tcp.len>0", "tcp.seq", "tcp.payload")}
assert b"".join(segments[seq] for seq in sorted(segments, key=int)).endswith(body)
case.write("VXLAN in fragments", "A tunnel whose datagrams were cut into fragments is opened; the inner addresses say whose it is.",
           f"curl -> nginx over the Linux kernel's VXLAN, MTU 1500 inside and 1280 outside: {pieces} IPv4 fragments",
           tunnel=[f"vxlan:{VNI}"], stderr_has=[f"fragments +{pieces}, whole datagrams {pieces // 2}\n", r"tunnels +vxlan \d+\n"])
