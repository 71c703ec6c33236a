#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks the conformance table of docs/igmp.md.

Each row of the specification (../shared/igmp/CONFORMANCE.md beside the source, if it is there) has
to stand in the table with at least one test, written `file: test_name`, and each test named has to
exist. A MAY that is left out says `left out: why` instead.

usage: rows.py [--rows PREFIX]... [--print]
  --rows PREFIX  the rows that have to be claimed, default H, S and M (hosts, hosts
                 behind switches, MLD)
  --print        the table as the comments in the tests tell it: rows stand in the comment right
                 before a test, as `H-SC-2, H-SC-5: ...`
"""
import argparse
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TABLE = os.path.join(ROOT, "docs", "igmp.md")
SPECIFICATION = os.path.join(ROOT, "..", "shared", "igmp", "CONFORMANCE.md")
PREFIXES = ["H", "S", "M"]
ROW = re.compile(r"^\| *([A-Z]+(?:-[A-Z0-9]+)*-\d+) *\|(.*)$", re.M)
CLAIM = re.compile(r"`([\w/]+\.(?:c|py)): (\w+)`")


def rows_of(path, prefixes):
    with open(path, encoding="utf-8") as f:
        found = ROW.findall(f.read())
    return {row: rest for row, rest in found if row.split("-")[0] in prefixes}


def tests_of(path):
    """{test name: comment before it} of one C or Python file."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    if path.endswith(".py"):
        return {name: "" for name in re.findall(r"^ *def (test_\w+)\(", text, re.M)}
    found = {}
    test = re.compile(r"(?:/\*((?:[^*]|\*(?!/))*)\*/\n)?static void (\w+)\(void \*\*state\)")
    for comment, name in test.findall(text):
        # A test counts only when the program runs it.
        if re.search(rf"^\s+\w+\({name}[,)]", text, re.M):
            found[name] = comment
    return found


def all_tests():
    found = {}
    for folder, _, names in os.walk(os.path.join(ROOT, "tests")):
        for name in sorted(names):
            if name.startswith("test_") and name.endswith(".c") or name.endswith(".py"):
                found[name] = tests_of(os.path.join(folder, name))
    return found


def expand(comment):
    """The rows that a comment names; `H-ENC-1 to 5, 9` is H-ENC-1 ... H-ENC-5, H-ENC-9."""
    rows, head = set(), comment.split(":")[0]
    family = None
    for name, number, _, last in re.findall(
            r"([A-Z]+(?:-[A-Z0-9]+)*-)?\b(\d+)( to (\d+))?(?=[, .]|$)", head):
        family = name or family
        if family:
            rows.update(f"{family}{i}" for i in range(int(number), int(last or number) + 1))
    return rows


def print_table(prefixes):
    claims = {}
    for file, tests in all_tests().items():
        for name, comment in tests.items():
            for row in expand(comment.strip()):
                claims.setdefault(row, []).append(f"`{file}: {name}`")
    for row in rows_of(SPECIFICATION, prefixes):
        print(f"| {row} | {', '.join(claims.get(row, ['no test']))} |")


def check(prefixes):
    table, tests, bad = rows_of(TABLE, prefixes), all_tests(), 0
    wanted = rows_of(SPECIFICATION, prefixes) if os.path.exists(SPECIFICATION) else table
    for row in wanted:
        rest = table.get(row)
        claims = CLAIM.findall(rest or "")
        for file, name in claims:
            if name not in tests.get(file, {}):
                print(f"{row}: there is no test {name} in {file}")
                bad += 1
        if claims or (rest and re.search(r"left out: \w", rest)):
            continue
        print(f"{row}: no test claims it")
        bad += 1
    for row in table:
        if row not in wanted:
            print(f"{row}: not in the specification")
            bad += 1
    print(f"{len(wanted)} rows, {bad} bad")
    return bad


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--rows", action="append")
    parser.add_argument("--print", action="store_true", dest="show")
    args = parser.parse_args()
    if args.show:
        print_table(args.rows or PREFIXES)
        return 0
    return 1 if check(args.rows or PREFIXES) else 0


if __name__ == "__main__":
    sys.exit(main())
