#!/usr/bin/python3
"""The runner itself: with a program that says the truth it is content; each way of being wrong is found."""
import json
import os
import stat
import sys
import tempfile
import unittest

import jsonschema

import run

# Stands in for weir: prints what the environment tells it, by the options it is called with.
PROGRAM = """#!{python}
import os, sys
mode = "items" if "--items" in sys.argv else "text" if "text" in sys.argv else ""
mode = mode or "w" + sys.argv[sys.argv.index("--workers") + 1]
sys.stdout.write(os.environ.get("OUT_" + mode, os.environ["OUT"] if mode[0] == "w" else ""))
sys.stderr.write(os.environ.get("ERR", ""))
if "--summary-json" in sys.argv:
    with open(sys.argv[sys.argv.index("--summary-json") + 1], "w", encoding="utf-8") as out:
        out.write(os.environ.get("SUMMARY", "{{}}"))
sys.exit(int(os.environ.get("CODE", "0")))
"""
SCHEMA = {"type": "object", "properties": {"class_uid": {"const": 2006}}}
CASE = "http1/upload_put"


with open(os.path.join(run.PCAPS, CASE, "expected.jsonl"), encoding="utf-8") as expected_alerts:
    WHOLE = json.loads(expected_alerts.readline())


def alert(revision=1, final=True, **changes):
    """The alert that upload_put must give, with what the runner looks at made plain."""
    more = {"revision": revision, "final": final, "item_uid": "i1", "initiator": "src", "item_kind": "body",
            "detectors": [{"id": d, "distinct": 12} for d in ("cn.resident_id", "cn.mobile", "net.email")], **changes}
    whole = json.loads(json.dumps(WHOLE))
    whole["finding_info"]["uid"] = "f1"
    whole["metadata"].update(uid=f"u{revision}", logged_time=1)
    whole["metadata"]["product"]["version"] = "1"
    return {**whole, "unmapped": more}


class Runner(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.weir = os.path.join(self.folder.name, "weir")
        with open(self.weir, "w", encoding="utf-8") as out:
            out.write(PROGRAM.format(python=sys.executable))
        os.chmod(self.weir, os.stat(self.weir).st_mode | stat.S_IXUSR)
        # The runner reads its captures from the project; expected.jsonl is looked for in a folder of our own.
        self.pcaps = os.path.join(self.folder.name, "pcaps")
        os.makedirs(os.path.join(self.pcaps, CASE))
        for name in ("case.yaml", "input.pcap"):
            os.symlink(os.path.join(run.ROOT, "pcaps", CASE, name), os.path.join(self.pcaps, CASE, name))
        self.real, run.PCAPS = run.PCAPS, self.pcaps
        self.kept = dict(os.environ)

    def tearDown(self):
        run.PCAPS = self.real
        os.environ.clear()
        os.environ.update(self.kept)
        self.folder.cleanup()

    def check(self, alerts, bless=False, expected=None, **environment):
        os.environ["OUT"] = "".join(json.dumps(a) + "\n" for a in alerts)
        os.environ.update(environment)
        if not bless:
            with open(os.path.join(self.pcaps, CASE, "expected.jsonl"), "w", encoding="utf-8") as out:
                for a in alerts if expected is None else expected:
                    out.write(json.dumps(run.stripped(a)) + "\n")
        run.check_case(self.weir, CASE, "key", bless, jsonschema.Draft202012Validator(SCHEMA))

    def wrong(self, words, alerts, **more):
        with self.assertRaisesRegex(run.Failure, words):
            self.check(alerts, **more)

    def test_truth(self):
        self.check([alert()])
        self.check([alert(1, False), alert(2, True)])

    def test_versions_and_the_clock_do_not_matter(self):
        later = alert()
        later["metadata"]["logged_time"] = 2
        later["metadata"]["product"]["version"] = "2"
        self.check([alert()], OUT_w2=json.dumps(later))

    def test_what_was_sent(self):
        self.wrong("items sent", [])
        self.wrong("items sent", [alert(initiator="dst")])
        self.wrong("items sent", [alert(item_kind="part")])
        self.wrong("items sent", [alert(detectors=[{"id": "cn.mobile", "distinct": 12}])])
        extra = alert(item_uid="i2")
        extra["finding_info"]["uid"] = "f2"
        self.wrong("items sent", [alert(), extra])

    def test_revisions(self):
        self.wrong("revisions", [alert(2)])
        self.wrong("revisions", [alert(1, True), alert(2, True)])
        self.wrong("revisions", [alert(1, False)])

    def test_schema(self):
        self.wrong("schema", [{**alert(), "class_uid": 2004}])

    def test_ocsf(self):
        self.wrong("is not OCSF: type_uid", [{**alert(), "type_uid": 200603}])
        self.wrong("is not OCSF: colour", [{**alert(), "colour": "red"}])

    def test_vlans(self):
        self.wrong("VLAN", [alert(vlan=[7])])

    def test_tunnel(self):
        self.wrong("tunnel", [alert(tunnel=["gre:7"])])

    def test_workers(self):
        other = alert()
        other["metadata"]["uid"] = "another"
        self.wrong("one worker and two", [alert()], OUT_w2=json.dumps(other))

    def test_expected(self):
        self.wrong("expected.jsonl", [alert()], expected=[{**alert(), "severity_id": 5}])

    def test_secrecy_of_every_output(self):
        secret = run.load_case(CASE)["seeds"][1]
        self.wrong("alerts show", [alert(url=secret)])
        self.wrong("summary show", [alert()], ERR=secret)
        self.wrong("JSON summary show", [alert()], SUMMARY=json.dumps({"files": [{"path": secret}]}), ERR="")
        self.wrong("item list show", [alert()], OUT_items=secret, SUMMARY="{}")
        self.wrong("text show", [alert()], OUT_text=secret, OUT_items="")

    def test_program_that_fails(self):
        self.wrong("exit code 3", [alert()], CODE="3", ERR="")

    def test_bless(self):
        self.check([alert()], bless=True)
        with open(os.path.join(self.pcaps, CASE, "expected.jsonl"), encoding="utf-8") as written:
            self.assertEqual([json.loads(line) for line in written], [run.stripped(alert())])


if __name__ == "__main__":
    unittest.main()
