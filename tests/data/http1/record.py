#!/usr/bin/env python3
"""Records HTTP/1 and TLS conversations between Python's own clients and servers on loopback.

Writes http.json and tls.json beside itself. A conversation is the bytes in the order in which a relay
between the two saw them; `messages` is what the programs at the ends say they sent or received (never what
Weir reads). Run again only to change the recordings: ports and dates in them differ each time.
"""
import gzip
import http.client
import http.server
import json
import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading

HERE = pathlib.Path(__file__).parent
GBK = "姓名,手机\n李雷,13800138000\n".encode("gbk")


class Relay:
    """Between one client and one server: passes bytes on and keeps them, in order."""

    def __init__(self, target):
        self.steps = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run, args=(target,))
        self.thread.start()

    def run(self, target):
        near, _ = self.listener.accept()
        far = socket.create_connection(target)
        sides = [threading.Thread(target=self.copy, args=a) for a in
                 ((near, far, "client"), (far, near, "server"))]
        for side in sides:
            side.start()
        for side in sides:
            side.join()
        near.close()
        far.close()
        self.listener.close()

    def copy(self, source, sink, name):
        while True:
            try:
                data = source.recv(65536)
            except OSError:
                data = b""
            if data:
                with self.lock:
                    self.steps.append({"from": name, "hex": data.hex()})
                    sink.sendall(data)
            else:
                try:
                    sink.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                return


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def read_body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return body
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self):
        body = self.read_body()
        self.server.seen.append({"from": "client", "method": self.command, "path": self.path,
                                 "host": self.headers["Host"], "type": self.headers.get("Content-Type", ""),
                                 "body": body.hex()})
        path = self.path.split("?")[0]
        if path == "/chunked":
            self.send_response(200)
            self.send_header("Content-Type", "text/csv; charset=gbk")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for i in range(0, len(GBK), 5):
                piece = GBK[i:i + 5]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        elif path == "/gzip":
            packed = gzip.compress(GBK * 10, mtime=0)
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(packed)))
            self.end_headers()
            self.wfile.write(packed)
        elif path == "/none":
            self.send_response(204)
            self.end_headers()
        elif path == "/close":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(GBK * 3)
            self.close_connection = True
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(GBK)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(GBK)

    do_GET = do_POST = do_PUT = do_HEAD = answer


def record_http():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.seen = []
    threading.Thread(target=server.serve_forever).start()
    relay = Relay(server.server_address)
    client = http.client.HTTPConnection("127.0.0.1", relay.port)
    received = []
    calls = [("GET", "/plain?q=%E6%9D%8E", None, {}), ("HEAD", "/plain", None, {}), ("GET", "/chunked", None, {}),
             ("POST", "/form", b"name=%E6%9D%8E&phone=13800138000",
              {"Content-Type": "application/x-www-form-urlencoded"}),
             ("PUT", "/upload", iter([GBK[:9], GBK[9:], b"x" * 3000]), {"Content-Type": "text/csv"}),
             ("GET", "/gzip", None, {"Accept-Encoding": "gzip"}), ("GET", "/none", None, {}),
             ("GET", "/close", None, {})]
    for method, path, body, headers in calls:
        client.request(method, path, body=body, headers=headers, encode_chunked=not isinstance(body, bytes))
        response = client.getresponse()
        received.append({"from": "server", "status": response.status, "path": path,
                         "type": response.headers.get("Content-Type", ""), "body": response.read().hex()})
    client.close()
    relay.thread.join()
    server.shutdown()
    return {"steps": relay.steps, "messages": [m for pair in zip(server.seen, received) for m in pair]}


def record_tls(context, version, name):
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.sendall(secure.recv(100) * 2)

    thread = threading.Thread(target=serve)
    thread.start()
    relay = Relay(listener.getsockname())
    client = ssl.create_default_context()
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    client.minimum_version = client.maximum_version = version
    with client.wrap_socket(socket.create_connection(("127.0.0.1", relay.port)), server_hostname=name or None) as secure:
        secure.sendall(b"hello")
        secure.recv(100)
    thread.join()
    relay.thread.join()
    listener.close()
    return {"server_name": name, "steps": relay.steps}


def main():
    (HERE / "http.json").write_text(json.dumps(record_http(), indent=1) + "\n")
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=test.example", "-days", "30", "-keyout", f"{scratch}/key", "-out",
                        f"{scratch}/cert"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{scratch}/cert", f"{scratch}/key")
        recordings = [record_tls(context, version, name) for version, name in
                      ((ssl.TLSVersion.TLSv1_3, "crm.example.com"), (ssl.TLSVersion.TLSv1_2, "mail.example.cn"),
                       (ssl.TLSVersion.TLSv1_3, ""))]
    (HERE / "tls.json").write_text(json.dumps(recordings, indent=1) + "\n")


main()
