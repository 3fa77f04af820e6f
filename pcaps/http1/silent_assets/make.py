#!/usr/bin/python3
"""What every web site sends: scripts, style sheets, a source map, drawings. Nobody's data."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab

SHARE = "/usr/share"
ASSETS = {"jquery.min.js": f"{SHARE}/javascript/jquery/jquery.min.js",
          "jquery.min.map": f"{SHARE}/javascript/jquery/jquery.min.map",
          "underscore.js": f"{SHARE}/javascript/underscore/underscore.js",
          "underscore.min.js": f"{SHARE}/javascript/underscore/underscore.min.js",
          "jquery-ui.css": f"{SHARE}/javascript/jquery-ui/themes/base/jquery-ui.css",
          "doctools.js": f"{SHARE}/javascript/sphinxdoc/1.0/doctools.js"}
case = Case(__file__)
with Lab(__file__) as lab:
    for name, path in ASSETS.items():
        with open(path, "rb") as source:
            lab.www(name, source.read())
    lab.nginx(http="gzip on; gzip_types application/javascript text/css text/plain;")
    lab.capture()
    lab.curl(*(f"http://{SERVER4}/{name}" for name in ("underscore.js", "underscore.min.js")), "-o", "/dev/null")
    for name in ASSETS:
        lab.curl("--compressed", f"http://{SERVER4}/{name}")
    lab.stop_capture()
case.write("Scripts, styles, source map", "Minified code and its numbers are not personal data.",
           "curl -> nginx, IPv4, plain and gzip; Debian's libjs-jquery, libjs-underscore, libjs-jquery-ui, libjs-sphinxdoc")
