#!/usr/bin/python3
"""OpenSSH: people are copied through scp, nothing of them is readable; the version lines are."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, json_of

people = People("openssh").persons(20)
body = json_of(people).encode()
case = Case(__file__)
case.persons(people)
with Lab(__file__) as lab:
    secret = lab.www("members.json", body)
    for key in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", f"{lab.work}/{key}"], check=True)
    os.rename(f"{lab.work}/user.pub", f"{lab.work}/authorized")
    subprocess.run(["mkdir", "-p", "/run/sshd"], check=True)
    config = lab.file("sshd_config", f"""
HostKey {lab.work}/host
AuthorizedKeysFile {lab.work}/authorized
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
""".encode())
    for port in (22, 2022):
        lab.server(["/usr/sbin/sshd", "-D", "-e", "-f", config, "-p", str(port), "-o", f"ListenAddress={SERVER4}"],
                   port=port, stderr=subprocess.DEVNULL)
    options = ["-F", "none", "-i", f"{lab.work}/user", "-o", "StrictHostKeyChecking=no", "-o",
               f"UserKnownHostsFile={lab.work}/known", "-o", "LogLevel=ERROR"]
    lab.capture()
    assert lab.client(["ssh", *options, f"root@{SERVER4}", "cat", secret]) == body
    lab.client(["scp", "-q", "-P", "2022", *options, f"root@{SERVER4}:{secret}", f"{lab.work}/copy"])
    lab.stop_capture()
    with open(f"{lab.work}/copy", "rb") as copy:
        assert copy.read() == body
case.write("OpenSSH", "SSH is recognised by its version lines, on any port; what follows them is counted as encrypted.",
           "ssh and scp -> sshd, IPv4 ports 22 and 2022",
           stderr_has=["not read .*encrypted [1-9]", r"\n +ssh +2 flows, payload seen .*, encrypted [1-9]"])
