"""What a case writes down beside its capture: case.yaml (pcaps/README.md holds the schema)."""
import hashlib
import os

import yaml


class Case:
    """Collects what was sent. `seeds` are the sensitive values in clear, so that a test can look for them."""

    def __init__(self, script):
        self.folder = os.path.dirname(os.path.abspath(script))
        self.truth = []
        self.seeds = []
        self.digests = []

    def item(self, direction, kind, detectors, content=None):
        """One content item: who sent it, what it is, the distinct values of each detector. `content` are its
        bytes, whose digests must not appear in any output while it is small."""
        assert direction in ("initiator", "responder") and detectors
        self.truth.append({"direction": direction, "kind": kind,
                           "detectors": {name: {"distinct": n} for name, n in sorted(detectors.items())}})
        if content is not None and len(content) < 65536:
            self.digests += [hashlib.new(kind_of, content).hexdigest() for kind_of in ("md5", "sha1", "sha256")]

    def secret(self, *values):
        for value in values:
            if value not in self.seeds:
                self.seeds.append(value)

    def persons(self, people, fields=("name", "resident_id", "mobile", "email")):
        """Marks the named fields of all people as sent."""
        for person in people:
            self.secret(*(person[field] for field in fields))

    def write(self, title, proves, facts, args=("--all",), **more):
        """title: one line; proves: what would be broken if this case failed; facts: link and protocol."""
        document = {"title": title, "proves": proves, "facts": facts}
        extra = [a for a in args if a != "--all"]
        if extra:
            document["args"] = extra
        if self.truth:
            document["truth"] = self.truth
        else:
            document["silent"] = True
        document.update(more)
        document["seeds"] = self.seeds
        if self.digests:
            document["item_digests"] = self.digests
        with open(os.path.join(self.folder, "case.yaml"), "w", encoding="utf-8") as out:
            yaml.safe_dump(document, out, allow_unicode=True, sort_keys=False, width=118)
