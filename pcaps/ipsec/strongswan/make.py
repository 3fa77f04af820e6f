#!/usr/bin/python3
"""Two strongSwan daemons with ESP in user space (UDP port 4500): people are uploaded through the tunnel."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import CLIENT4, SERVER4, Case, Lab, People, csv_of

people = People("strongswan").persons(20)
body = csv_of(people).encode()
case = Case(__file__)
case.persons(people)

DAEMON = """
charon {{
  load = random nonce aes sha1 sha2 hmac kdf gmp kernel-libipsec kernel-netlink socket-default vici updown
  plugins {{
    vici {{
      socket = unix://{work}/{side}.vici
    }}
    kernel-libipsec {{
      allow_peer_ts = yes
    }}
  }}
  filelog {{
    {side} {{
      path = {work}/{side}.log
      default = 1
      flush_line = yes
    }}
  }}
}}
"""
CONNECTION = """
connections {{
  lab {{
    version = 2
    proposals = aes128-sha256-modp2048
    local_addrs = {own}
    remote_addrs = {peer}
    local {{
      auth = psk
      id = {own}
    }}
    remote {{
      auth = psk
      id = {peer}
    }}
    children {{
      lab {{
        local_ts = {own_inner}/32
        remote_ts = {peer_inner}/32
        esp_proposals = aes128-sha256
      }}
    }}
  }}
}}
secrets {{
  ike-lab {{
    secret = "a key of the lab"
  }}
}}
"""
ENDS = {"a": (CLIENT4, "10.68.0.2"), "b": (SERVER4, "10.68.0.80")}


def swanctl(lab, side, *arguments):
    subprocess.run(["ip", "netns", "exec", {"a": lab.a, "b": lab.b}[side], "swanctl", *arguments, "--uri",
                    f"unix://{lab.work}/{side}.vici"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


with Lab(__file__) as lab:
    for side, other, ns in (("a", "b", lab.a), ("b", "a", lab.b)):
        own, inner = ENDS[side]
        subprocess.run(["ip", "-n", ns, "addr", "add", inner + "/32", "dev", "lo"], check=True)
        daemon = lab.file(f"{side}.conf", DAEMON.format(work=lab.work, side=side).encode())
        lab.file(f"{side}.swanctl", CONNECTION.format(own=own, peer=ENDS[other][0], own_inner=inner,
                                                      peer_inner=ENDS[other][1]).encode())
        # Each daemon has a /run of its own: they write their pid there.
        lab.spawn(["sh", "-c", "mount -t tmpfs tmpfs /run && exec /usr/lib/ipsec/charon"], ns,
                  env={**os.environ, "STRONGSWAN_CONF": daemon}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for side in ENDS:
        deadline = time.monotonic() + 10
        log = f"{lab.work}/{side}.log"
        while not os.path.exists(log) or "spawning" not in open(log, encoding="utf-8").read():
            if time.monotonic() > deadline:
                raise RuntimeError("charon does not start")
            time.sleep(0.1)
        swanctl(lab, side, "--load-all", "--file", f"{lab.work}/{side}.swanctl")
    lab.nginx(server="listen 10.68.0.80:8080;")
    lab.capture()
    swanctl(lab, "a", "--initiate", "--child", "lab")
    lab.curl("--interface", "10.68.0.2", "-T", lab.file("members.csv", body),
             "http://10.68.0.80:8080/dav/members.csv")
    swanctl(lab, "a", "--terminate", "--ike", "lab")
    lab.stop_capture()
case.write("IPsec", "IKE is recognised, and ESP in UDP behind it; both are counted as encrypted, the readable begin of IKE is "
           "read.", "curl -> nginx through two strongSwan daemons, IKEv2 on UDP 500 and 4500, ESP in UDP 4500, IPv4",
           stderr_has=["not read .*encrypted [1-9]", r"\n +ipsec +2 flows, payload seen .*, encrypted [1-9]"])
