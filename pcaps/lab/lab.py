"""Two network namespaces with real programs in them, and what a case writes down about its recording.

A case's make.py does, in this order:

    with Lab(__file__) as lab:                   # namespaces and link are made, and removed at the end
        lab.www("page.html", b"...")             # files the server gives
        lab.nginx()                              # or lab.app(), lab.server([...])
        lab.capture()                            # tcpdump on the server's side, into the case's folder
        lab.client(["curl", ...])
        lab.stop_capture()
    case.write(...)                              # case.yaml: what was sent, by the seed

Needs root, Debian 12 and `deploy/install-deps.sh lab`. Ends only the processes it started, by their pid.
"""
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

LAB = os.path.dirname(os.path.abspath(__file__))

CLIENT4, SERVER4 = "10.66.0.2", "10.66.0.80"
CLIENT6, SERVER6 = "fd00:66::2", "fd00:66::80"
CLIENT_MAC, SERVER_MAC = "02:00:00:66:00:02", "02:00:00:66:00:80"

NGINX = """
daemon off; master_process off; worker_processes 1; pid {work}/nginx.pid; error_log {work}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {work}/t1; proxy_temp_path {work}/t2; fastcgi_temp_path {work}/t3;
  uwsgi_temp_path {work}/t4; scgi_temp_path {work}/t5; client_max_body_size 8m;
  types {{ text/html html; text/css css; application/javascript js; image/svg+xml svg; application/json json;
          text/csv csv; text/plain txt log; }}
  {http}
  server {{
    listen {v4}:80; listen [{v6}]:80; root {work}/www; {tls}
    {server}
    location /dav/ {{ dav_methods PUT DELETE; create_full_put_path on; }}
    location /api/ {{ proxy_pass http://127.0.0.1:8000; proxy_http_version 1.1; proxy_set_header Connection "";
                     proxy_set_header Host $host; }}
  }}
}}
"""


def neutral(path):
    """Overwrites what a pcapng file says of the recording machine (hardware, operating system) with blanks."""
    with open(path, "rb") as source:
        data = bytearray(source.read())
    at = 0
    while data[:4] == b"\n\r\r\n" and at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        # Section header: options 2 and 3 after 24 bytes; interface description: option 12 after 16.
        begin, machine = {0x0A0D0D0A: (24, (2, 3)), 1: (16, (12,))}.get(kind, (0, ()))
        option = at + begin
        while machine and option < at + length - 4:
            code, size = struct.unpack_from("<HH", data, option)
            if code in machine:
                data[option + 4:option + 4 + size] = b"lab".ljust(size)[:size]
            if code == 0:
                break
            option += 4 + (size + 3) // 4 * 4
        at += length
    with open(path, "wb") as target:
        target.write(data)


def run(arguments, **options):
    return subprocess.run(arguments, check=True, **options)


class Lab:
    def __init__(self, script, link="veth", offload=False, mtu=1500, drop=0.0, reorder=0.0, seed=1):
        """link: "veth", or "tap" for the user-space link of link.py that drops and reorders by `seed`.
        offload: leave segmentation and checksum offload on, as a capture on a busy host has them."""
        self.case = os.path.dirname(os.path.abspath(script))
        self.mtu = mtu
        self.link, self.offload, self.drop, self.reorder, self.seed = link, offload, drop, reorder, seed
        self.a, self.b = f"weirlab-{os.getpid()}-a", f"weirlab-{os.getpid()}-b"
        self.processes = []
        self.capturing = None
        self.work = None

    def __enter__(self):
        if os.geteuid() != 0:
            sys.exit("the lab needs root: it makes network namespaces")
        self.work = tempfile.mkdtemp(prefix="weirlab-")
        os.chmod(self.work, 0o755)
        os.mkdir(os.path.join(self.work, "www"))
        try:
            self._network()
        except BaseException:
            self._clean()
            raise
        return self

    def __exit__(self, kind, value, trace):
        self._clean()

    def _network(self):
        for ns in (self.a, self.b):
            run(["ip", "netns", "add", ns])
            run(["ip", "-n", ns, "link", "set", "lo", "up"])
        if self.link == "tap":
            self.spawn([sys.executable, os.path.join(LAB, "link.py"), self.a, self.b, "--drop", str(self.drop),
                        "--reorder", str(self.reorder), "--seed", str(self.seed)], None, ready="link is up")
        else:
            run(["ip", "link", "add", "w0", "netns", self.a, "type", "veth", "peer", "name", "w0", "netns", self.b])
        for ns, mac, v4, v6 in ((self.a, CLIENT_MAC, CLIENT4, CLIENT6), (self.b, SERVER_MAC, SERVER4, SERVER6)):
            run(["ip", "-n", ns, "link", "set", "w0", "address", mac, "mtu", str(self.mtu)])
            if self.link == "veth" and not self.offload:
                run(["ip", "netns", "exec", ns, "ethtool", "-K", "w0", "tx", "off", "tso", "off", "gso", "off", "gro",
                     "off"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            run(["ip", "-n", ns, "addr", "add", v4 + "/24", "dev", "w0"])
            run(["ip", "-n", ns, "addr", "add", v6 + "/64", "dev", "w0", "nodad"])
            run(["ip", "-n", ns, "link", "set", "w0", "up"])
        # A veth or TAP end is usable once both ends are up; the kernel says so on the links.
        deadline = time.monotonic() + 5
        for ns in (self.a, self.b):
            while "LOWER_UP" not in run(["ip", "-n", ns, "link", "show", "w0"], capture_output=True, text=True).stdout:
                if time.monotonic() > deadline:
                    raise RuntimeError("the link between the namespaces does not come up")
                time.sleep(0.05)

    def _clean(self):
        if self.capturing:
            self._end(self.capturing)
        for process in reversed(self.processes):
            self._end(process)
        for ns in (self.a, self.b):
            subprocess.run(["ip", "netns", "del", ns], stderr=subprocess.DEVNULL, check=False)
        if self.work:
            shutil.rmtree(self.work, ignore_errors=True)

    @staticmethod
    def _end(process, sig=signal.SIGTERM):
        if process.poll() is None:
            process.send_signal(sig)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def spawn(self, arguments, ns, ready=None, **options):
        """Starts a program (in namespace `ns` if given); waits for the words `ready` on its standard error."""
        if ns:
            arguments = ["ip", "netns", "exec", ns] + arguments
        if ready:
            options["stderr"] = subprocess.PIPE
        process = subprocess.Popen(arguments, **options)
        self.processes.append(process)
        if ready:
            seen = b""
            deadline = time.monotonic() + 10
            while ready.encode() not in seen:
                if not select.select([process.stderr], [], [], max(0.0, deadline - time.monotonic()))[0]:
                    raise RuntimeError(f"{arguments}: not ready: {seen!r}")
                more = os.read(process.stderr.fileno(), 4096)
                if not more:
                    raise RuntimeError(f"{arguments}: ended: {seen!r}")
                seen += more
        return process

    def more_addresses(self, clients, servers):
        """Further addresses on both sides, IPv4 (/24) or IPv6 (/64)."""
        for ns, addresses in ((self.a, clients), (self.b, servers)):
            for address in addresses:
                rest = ["/64", "nodad"] if ":" in address else ["/24"]
                run(["ip", "-n", ns, "addr", "add", address + rest[0], "dev", "w0", *rest[1:]])

    def wait_port(self, port, ns=None):
        """Waits until something listens on the port, without connecting to it."""
        deadline = time.monotonic() + 10
        pattern = re.compile(rf":{port}\b")
        while True:
            listening = run(["ip", "netns", "exec", ns or self.b, "ss", "-Hltun"], capture_output=True, text=True).stdout
            if any(pattern.search(line.split()[4]) for line in listening.splitlines()):
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"nothing listens on port {port}")
            time.sleep(0.05)

    # Servers and clients -------------------------------------------------------------------------

    def www(self, name, content):
        path = os.path.join(self.work, "www", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(content)
        return path

    def file(self, name, content):
        """A file on the client's side; returns its path."""
        path = os.path.join(self.work, name)
        with open(path, "wb") as out:
            out.write(content)
        return path

    def nginx(self, http="", server="", tls=False):
        """nginx on port 80 (and 443 with a fresh self-signed certificate), /dav/ takes PUT, /api/ goes to app.py."""
        tls_lines = ""
        if tls:
            self.certificate()
            tls_lines = (f"listen {SERVER4}:443 ssl; ssl_certificate {self.work}/cert.pem;"
                         f" ssl_certificate_key {self.work}/key.pem;")
        config = self.file("nginx.conf", NGINX.format(work=self.work, http=http, server=server, tls=tls_lines,
                                                      v4=SERVER4, v6=SERVER6).encode())
        os.makedirs(os.path.join(self.work, "www", "dav"), exist_ok=True)
        run(["chmod", "-R", "a+rwX", self.work])
        self.spawn(["nginx", "-c", config, "-p", self.work, "-e", f"{self.work}/error.log"], self.b)
        self.wait_port(80)

    def certificate(self):
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "3650", "-subj", "/CN=lab.example", "-keyout", f"{self.work}/key.pem", "-out", f"{self.work}/cert.pem"],
            stderr=subprocess.DEVNULL)

    def app(self, address="127.0.0.1", port=8000):
        """app.py (Python's http.server) in the server's namespace."""
        self.spawn([sys.executable, os.path.join(LAB, "app.py"), address, str(port), os.path.join(self.work, "www")],
                   self.b, stderr=subprocess.DEVNULL)
        self.wait_port(port)

    def server(self, arguments, port=None, **options):
        process = self.spawn(arguments, self.b, **options)
        if port:
            self.wait_port(port)
        return process

    def client(self, arguments, check=True, **options):
        """Runs a program in the client's namespace; returns what it printed."""
        result = subprocess.run(["ip", "netns", "exec", self.a] + arguments, stdout=subprocess.PIPE, timeout=60,
                                check=False, **options)
        if check and result.returncode != 0:
            raise RuntimeError(f"{arguments}: exit code {result.returncode}")
        return result.stdout

    def curl(self, *arguments):
        """curl that fails on an error status; returns the body."""
        return self.client(["curl", "--silent", "--show-error", "--fail", "--max-time", "50", *arguments])

    # Capture -------------------------------------------------------------------------------------

    def capture(self, interface="w0", name="input.pcap", tool="tcpdump", options=(), side="server"):
        """Starts tcpdump or dumpcap; the file appears in the case's folder."""
        for old in ("input.pcap", "input.pcapng"):
            if os.path.exists(os.path.join(self.case, old)):
                os.unlink(os.path.join(self.case, old))
        self.path = os.path.join(self.work, name)
        ns = self.b if side == "server" else self.a
        if tool == "tcpdump":
            command = ["tcpdump", "-i", interface, "-w", self.path, "-U", "--immediate-mode", "-Z", "root", "-s", "0",
                       *options]
            ready = "listening on"
        else:
            command = ["dumpcap", "-i", interface, "-w", self.path, "-q", *options]
            ready = "File:"
        self.capturing = self.spawn(command, ns, ready=ready)
        self.processes.remove(self.capturing)
        time.sleep(0.2)

    def stop_capture(self, keep=True):
        """Ends the capture once the last segments are in; returns the path of the finished file."""
        time.sleep(0.6)
        process, self.capturing = self.capturing, None
        self._end(process, signal.SIGINT)
        neutral(self.path)
        if keep:
            target = os.path.join(self.case, os.path.basename(self.path))
            shutil.copyfile(self.path, target)
            self.path = target
        return self.path
