#!/usr/bin/env python3
"""The configuration's JSON Schema (first argument) accepts the example and refuses what the loader refuses."""
import json
import sys

import jsonschema
import yaml

with open(sys.argv[1], encoding="utf-8") as source:
    schema = json.load(source)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)


def as_json(text):
    # YAML's own dates are texts to the schema.
    return json.loads(json.dumps(yaml.safe_load(text), default=str))


faults = 0
with open("deploy/weir.yaml", encoding="utf-8") as source:
    good = [source.read()]
good += [
    "policies: [{ id: a, title: b, when: { direction: [outbound, internal], ports: [80, 8000-8100] } }]",
    "policies: [{ id: a, title: { en: b, zh: c }, actions: alert }]",
    "flow: { memory: 1GiB, timeout: { udp: 90s } }",
    "output: { kafka: { brokers: a, properties: { linger.ms: 5 } } }",
    "capture:",
]
bad = [
    "snaplen: 3",
    "capture: { snaplen: 10 }",
    "capture: { snaplen: many }",
    "flow: { timeout: { udp: 90 } }",
    "role: boss",
    "policies: [{ group: a }]",
    "policies: [{ id: a, actions: [reset] }]",
    "policies: [{ id: a, when: { categories: [persons] } }]",
    "policies: [{ id: a, except: [{ hosts: [b], by: c, until: 2027-01-01 }] }]",
    "policies: [{ id: a, when: { window: 24h } }]",
]
for text in good:
    for error in validator.iter_errors(as_json(text)):
        print(f"refused {text!r}: {error.json_path}: {error.message}")
        faults += 1
for text in bad:
    if validator.is_valid(as_json(text)):
        print(f"accepted {text!r}")
        faults += 1
sys.exit(1 if faults else 0)
