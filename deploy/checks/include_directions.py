#!/usr/bin/env python3
"""Holds the folder directions of ARCHITECTURE.md against the #include lines, and the length of files.

Prints every broken line and exits 1 if there is one. Each folder may include itself and what stands
behind its name here.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAX_LINES = 600

STAGE = {"sensor/base", "parsers/wire", "parsers/api"}
ALLOWED = {
    "parsers/wire": set(),
    "parsers/api": {"parsers/wire"},
    "parsers/codec": {"parsers/wire"},
    "signatures/validators": set(),
    "signatures/yaml": set(),
    "signatures/compiler": {"signatures/validators", "signatures/yaml"},
    "sensor/base": {"parsers/wire", "parsers/api"},
    "sensor/capture": STAGE,
    "sensor/decode": STAGE,
    "sensor/flow": STAGE,
    "sensor/reassembly": STAGE,
    "sensor/token": STAGE,
    "sensor/output": STAGE,
    "sensor/content": STAGE | {"parsers/codec"},
    "sensor/match": STAGE | {"sensor/token", "signatures/compiler", "signatures/validators"},
    "sensor/policy": STAGE | {"sensor/token"},
    "sensor/alert": STAGE | {"sensor/token"},
}
STAGES = {f for f in ALLOWED if f.startswith("sensor/")}
ALLOWED["sensor/config"] = STAGES | STAGE | {"signatures/yaml"}
ALLOWED["sensor/pipeline"] = STAGES | STAGE | {"signatures/compiler"}
ALLOWED["sensor/app"] = {"sensor/config", "sensor/pipeline"} | STAGES | STAGE | {"signatures/compiler"}
ONE_PARSER = {"parsers/api", "parsers/codec", "parsers/wire"}
PARSERS = ONE_PARSER | {f"parsers/{p.name}" for p in (ROOT / "parsers").iterdir() if p.is_dir()}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def allowed_for(folder):
    if folder in ALLOWED:
        return ALLOWED[folder]
    if folder == "parsers":  # the registry names every parser
        return PARSERS
    if folder.startswith("parsers/"):
        return ONE_PARSER
    return set()


def main():
    problems = []
    for top in ("parsers", "signatures", "sensor", "tests"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix not in (".h", ".cc"):
                continue
            relative = path.relative_to(ROOT)
            lines = path.read_text(encoding="utf-8").splitlines()
            if len(lines) > MAX_LINES:
                problems.append(f"{relative}: {len(lines)} lines, more than {MAX_LINES}: it wants two names")
            if top == "tests":
                continue
            folder = str(relative.parent)
            allowed = allowed_for(folder)
            for number, line in enumerate(lines, 1):
                found = INCLUDE.match(line)
                if not found:
                    continue
                target = str(pathlib.PurePosixPath(found.group(1)).parent)
                if target != folder and target not in allowed:
                    problems.append(f"{relative}:{number}: {folder} may not include {found.group(1)}")
    print("\n".join(problems) if problems else "folder directions and file lengths hold")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
