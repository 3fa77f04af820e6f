#!/usr/bin/env python3
"""Makes the coded and multipart bodies of tests/unit/sensor/content beside this file, with Python's
standard library: bodies.txt, one a line: name, declared type, codings (comma-separated), body, text (hex)."""
import email.mime.application
import email.mime.multipart
import email.mime.text
import gzip
import pathlib
import zlib

here = pathlib.Path(__file__).parent
text = "".join(f"{i},张伟{i},11010519491231002X,1381234{i:04d}\n" for i in range(100))
gz = lambda b: gzip.compress(b, mtime=0)
raw = lambda b: (lambda c: c.compress(b) + c.flush())(zlib.compressobj(6, zlib.DEFLATED, -15))
utf8 = text.encode()
gbk = text.encode("gbk")
rows = [
    ("gzip", "text/csv", "gzip", gz(utf8), text),
    ("x-gzip", "text/csv; charset=utf-8", "x-gzip", gz(utf8), text),
    ("gzip_gbk", "text/csv; charset=gbk", "gzip", gz(gbk), text),
    ("gzip_gbk_undeclared", "text/csv", "gzip", gz(gbk), text),
    ("deflate_zlib", "text/csv", "deflate", zlib.compress(utf8), text),
    ("deflate_raw", "text/csv", "deflate", raw(utf8), text),
    ("gzip_twice", "text/csv", "gzip,gzip", gz(gz(utf8)), text),
    ("deflate_in_gzip", "text/csv", "deflate,gzip", gz(zlib.compress(utf8)), text),
    ("three", "text/csv", "gzip,deflate,identity,gzip", gz(raw(gz(utf8))), text),
    ("members", "text/csv", "gzip", gz(utf8[:2000]) + gz(utf8[2000:]), text),
    ("identity", "text/csv", "identity", utf8, text),
    ("false_gzip", "text/csv", "gzip", utf8, text),
    ("false_deflate", "text/csv", "deflate", b"plain text, " + utf8, "plain text, " + text),
    ("false_br", "text/csv", "br", b"plain text, not brotli, " + utf8, "plain text, not brotli, " + text),
    ("gzip_declared_deflate", "text/csv", "deflate", gz(utf8), text),
    ("undeclared_gzip", "application/gzip", "", gz(utf8), text),
    ("stored", "text/csv", "gzip", gzip.compress(utf8, compresslevel=0, mtime=0), text),
]
with open(here / "bodies.txt", "w", encoding="ascii") as f:
    for name, declared, codings, body, says in rows:
        f.write("\t".join((name, declared, codings or "-", body.hex(), says.encode().hex())) + "\n")

form = email.mime.multipart.MIMEMultipart("form-data", boundary="====b1==")
part = email.mime.text.MIMEText("张伟 11010519491231002X", "plain", "utf-8")
part.add_header("Content-Disposition", "form-data", name="person", filename="p.txt")
form.attach(part)
part = email.mime.application.MIMEApplication(text.encode("gbk"), "octet-stream")
part.add_header("Content-Disposition", "form-data", name="list", filename="list.csv")
form.attach(part)
(here / "mime_form.bin").write_bytes(form.as_bytes(policy=form.policy.clone(linesep="\r\n")))
