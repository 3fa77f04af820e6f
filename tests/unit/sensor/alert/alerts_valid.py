#!/ usr / bin / env python3
"""Alerts (JSON Lines, first argument) hold the closed schema and OCSF 1.8.0; and both checks can say no."""
import copy
import json
import pathlib
import sys

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[4]
sys.path.insert(0, str(ROOT / "tests/golden"))
import ocsf_check  # noqa: E402

schema = json.loads((ROOT / "sensor/alert/alert.schema.json").read_text(encoding="utf-8"))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
checker = ocsf_check.Checker()
faults = []


def closed(node, path="#"):
    """Every object of the schema that has properties says additionalProperties: false."""
    if isinstance(node, dict):
        if node.get("type") == "object" and node.get("additionalProperties") is not False:
            faults.append(f"the schema is open at {path}")
        for key, value in node.items():
            closed(value, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            closed(value, f"{path}/{index}")


closed(schema)
with open(sys.argv[1], encoding="utf-8") as source:
    alerts = [json.loads(line) for line in source]
if not alerts:
    faults.append("there are no alerts")
for number, alert in enumerate(alerts, 1):
    faults += [f"line {number}: schema: {e.json_path}: {e.message}" for e in validator.iter_errors(alert)]
    faults += [f"line {number}: OCSF: {p}" for p in checker.problems(alert)]


def changed(change):
    alert = copy.deepcopy(alerts[0])
    change(alert)
    return alert

#What the schema must refuse …
for name, change in {
    "an unknown key": lambda a: a.update(extra=1),
    "an unknown key in unmapped": lambda a: a["unmapped"].update(extra=1),
    "a Create with revision 2": lambda a: a["unmapped"].update(revision=2),
    "an Update with revision 1": lambda a: a.update(activity_id=2, type_uid=200602),
    "a size that is not final": lambda a: a["unmapped"].update(final=False),
    "a token without a key": lambda a: a["unmapped"]["subjects"][0].update(token="0" * 32),
    "a reason that is none": lambda a: a["unmapped"]["detectors"][0].update(reasons=["guess"]),
    "a short uid": lambda a: a["metadata"].update(uid="ab"),
    "no policy": lambda a: a["data_security"].pop("policy"),
    "the hash of something small": lambda a: a.update(
        file={"name": "a", "type_id": 1, "size": 65535, "hashes": [{"algorithm_id": 3, "value": "0" * 64}]}),
}.items():
    if validator.is_valid(changed(change)):
        faults.append(f"the schema accepts {name}")
# … and OCSF.
for name, change in {
    "an attribute that it does not have": lambda a: a.update(excerpt="x"),
    "one in an object": lambda a: a["src_endpoint"].update(address="x"),
    "a missing class_uid": lambda a: a.pop("class_uid"),
    "another type_uid": lambda a: a.update(type_uid=200602),
    "a severity of 9": lambda a: a.update(severity_id=9),
    "a text for a number": lambda a: a.update(count="1"),
    "true for a number": lambda a: a.update(count=True),
    "a port of 65536": lambda a: a["dst_endpoint"].update(port=65536),
    "an address that is none": lambda a: a["dst_endpoint"].update(ip="example"),
    "a list for an object": lambda a: a.update(finding_info=[]),
    "an object for a list": lambda a: a.update(attacks={}),
    "an attack of nothing": lambda a: a.update(attacks=[{}]),
    "an occurrence of nothing": lambda a: a["data_security"]["discovery_details"][0].update(occurrences=[{}]),
    "a finding without uid": lambda a: a["finding_info"].pop("uid"),
}.items():
    if not checker.problems(changed(change)):
        faults.append(f"the OCSF check accepts {name}")
print("\n".join(faults))
sys.exit(1 if faults else 0)
