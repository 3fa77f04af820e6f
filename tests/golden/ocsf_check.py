#!/usr/bin/env python3
"""Holds alerts (JSON Lines) against OCSF 1.8.0, class 2006 Data Security Finding.

    ocsf_check.py FILE…      "-" reads standard input

Checks what tests/data/ocsf/ocsf-1.8.0-finding.json says, a compact copy of the published schema: no attribute
outside it (but under `unmapped`), types, lists, enumerations, required attributes, the objects' constraints,
and the class's own sums (type_uid = class_uid × 100 + activity_id). Prints one line a fault; exit code 0 when
there is none, 1 when there is one, 2 when a file cannot be read or holds no event at all.
"""
import json
import pathlib
import re
import sys

SCHEMA_FILE = pathlib.Path(__file__).resolve().parents[1] / "data/ocsf/ocsf-1.8.0-finding.json"
OPEN = {"object"}  # objects whose attributes are free


class Checker:
    def __init__(self, schema=None):
        if schema is None:
            schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
        self.event_class = schema["class"]
        self.objects = schema["objects"]
        self.types = schema["types"]

    def problems(self, event):
        """A list of texts "path: what is wrong"; empty for a valid event."""
        found = []
        if not isinstance(event, dict):
            return ["the event is no object"]
        self._attributes("", event, self.event_class["attributes"], found)
        for name in ("category_uid", "class_uid"):
            if event.get(name) != self.event_class[name]:
                found.append(f"{name}: must be {self.event_class[name]}")
        if isinstance(event.get("activity_id"), int):
            want = self.event_class["class_uid"] * 100 + event["activity_id"]
            if event.get("type_uid") != want:
                found.append(f"type_uid: must be {want}")
        return found

    def _attributes(self, path, value, attributes, found):
        for name in value:
            if name not in attributes:
                found.append(f"{path}{name}: OCSF has no such attribute here")
        for name, attribute in attributes.items():
            if name not in value:
                if attribute["req"] == "required":
                    found.append(f"{path}{name}: is required")
                continue
            at = path + name
            if attribute.get("array"):
                if not isinstance(value[name], list):
                    found.append(f"{at}: must be a list")
                    continue
                for index, entry in enumerate(value[name]):
                    self._value(f"{at}[{index}]", entry, attribute, found)
            else:
                self._value(at, value[name], attribute, found)

    def _value(self, at, value, attribute, found):
        if attribute["type"] == "object_t":
            self._object(at, value, attribute["object"], found)
            return
        self._scalar(at, value, attribute["type"], found)
        if "enum" in attribute and str(value) not in attribute["enum"]:
            found.append(f"{at}: {value!r} is not one of {', '.join(attribute['enum'])}")

    def _object(self, at, value, name, found):
        if not isinstance(value, dict):
            found.append(f"{at}: must be an object")
            return
        if name in OPEN:
            return
        if name not in self.objects:
            found.append(f"{at}: the object {name} is not in the copy of the schema; add it there")
            return
        definition = self.objects[name]
        self._attributes(at + ".", value, definition["attributes"], found)
        for rule, names in definition.get("constraints", {}).items():
            present = sum(1 for n in names if n in value)
            if (rule == "at_least_one" and present < 1) or (rule == "just_one" and present != 1):
                found.append(f"{at}: {rule} of {', '.join(names)}")

    def _scalar(self, at, value, type_name, found):
        chain = [type_name]
        while "type" in self.types.get(chain[-1], {}):
            chain.append(self.types[chain[-1]]["type"])
        base = chain[-1]
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        good = {
            "boolean_t": isinstance(value, bool),
            "integer_t": isinstance(value, int) and not isinstance(value, bool) and -2**31 <= value < 2**31,
            "long_t": isinstance(value, int) and not isinstance(value, bool) and -2**63 <= value < 2**63,
            "float_t": is_number,
            "string_t": isinstance(value, str),
            "json_t": True,
        }
        if base not in good:
            found.append(f"{at}: the type {type_name} is not known")
            return
        if not good[base]:
            found.append(f"{at}: {value!r} is no {type_name}")
            return
        for name in chain:
            rules = self.types.get(name, {})
            if "regex" in rules and not re.search(rules["regex"], value):
                found.append(f"{at}: {value!r} does not look like {name}")
            if "max_len" in rules and len(value) > rules["max_len"]:
                found.append(f"{at}: longer than {rules['max_len']}")
            if "range" in rules and not rules["range"][0] <= value <= rules["range"][1]:
                found.append(f"{at}: {value} is not within {rules['range']}")


def main(paths):
    if not paths:
        print(__doc__)
        return 2
    checker = Checker()
    events = 0
    faults = 0
    for path in paths:
        try:
            lines = sys.stdin if path == "-" else open(path, encoding="utf-8")
        except OSError as error:
            print(f"{path}: {error.strerror}", file=sys.stderr)
            return 2
        with lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                events += 1
                try:
                    problems = checker.problems(json.loads(line))
                except ValueError as error:
                    problems = [f"no JSON: {error}"]
                for problem in problems:
                    print(f"{path}:{number}: {problem}")
                faults += len(problems)
    if events == 0:
        print("there was no event to check", file=sys.stderr)
        return 2
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
