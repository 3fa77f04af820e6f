#!/usr/bin/python3
"""A small application server on Python's http.server: what nginx alone does not do.

    app.py ADDRESS PORT FOLDER

GET /…/NAME?coding=zlib|raw|gzip&chunked=N   a file of FOLDER, content-coded, in chunks of N bytes
POST or PUT anything                         reads the body (any framing) and answers a small JSON
"""
import gzip
import json
import os
import socket
import sys
import urllib.parse
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TYPES = {"html": "text/html", "json": "application/json", "csv": "text/csv", "txt": "text/plain"}


def coded(body, coding):
    """(body, value of Content-Encoding). "deflate" is both zlib (RFC 9110) and raw (what some servers send)."""
    if coding == "zlib":
        return zlib.compress(body), "deflate"
    if coding == "raw":
        packer = zlib.compressobj(wbits=-15)
        return packer.compress(body) + packer.flush(), "deflate"
    if coding == "gzip":
        return gzip.compress(body, mtime=0), "gzip"
    return body, None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        name = os.path.basename(url.path)
        with open(os.path.join(sys.argv[3], name), "rb") as source:
            body, coding = coded(source.read(), query.get("coding"))
        self.send_response(200)
        self.send_header("Content-Type", TYPES.get(name.rsplit(".", 1)[-1], "application/octet-stream"))
        if coding:
            self.send_header("Content-Encoding", coding)
        step = int(query.get("chunked", 0))
        if step:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for i in range(0, len(body), step):
                piece = body[i:i + step]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
            return
        if query.get("close"):
            # A body until the connection's end: no length at all.
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            received = 0
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                received += len(self.rfile.read(size))
                self.rfile.readline()
                if size == 0:
                    break
        else:
            received = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        answer = json.dumps({"ok": True, "received": received}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_PUT = do_POST


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address, handler):
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, handler)

    def server_bind(self):
        # HTTPServer would ask the resolver for a name of the address; there is none in the lab.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "lab.example", self.server_address[1]


if __name__ == "__main__":
    Server((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
