#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks the conformance tables of docs/igmp.md (hosts) and docs/routing.md (routers).

Each row of the specification (../shared/igmp/ beside the source, if it is there) has to stand once in
the table of its page, with at least one test, written `file: test_name`, and each test that a page
names like this has to exist. A MAY that is left out says `left out: why` instead. A page may define
rows of its own, in a table that gives the level (MUST, ...) after the row.

usage: rows.py [--page NAME] [--print]
  --page NAME  igmp.md or routing.md alone
  --print      the tables as the comments in the tests tell them: rows stand in the comment right
               before a test in C, or at the beginning of the docstring of one in Python, as
               `H-SC-2, H-SC-5: ...`
"""
import argparse
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SPECIFICATION = os.path.join(ROOT, "..", "shared", "igmp")
ROW = re.compile(r"^\| *([A-Z]+(?:-[A-Z0-9]+)*-\d+) *\|(.*)$", re.M)
LEVEL = re.compile(r" *(MUST|SHOULD|MAY|STATED|LOCAL)\b")
CLAIM = re.compile(r"`([\w/]+\.(?:c|py)): (\w+)`")

# Page: the files of the specification, and its rows' prefixes: of hosts, hosts behind switches and
# MLD; of queriers, proxies and forwarding.
PAGES = {
    "igmp.md": (["CONFORMANCE.md"], ["H", "S", "M"]),
    "routing.md": (["CONFORMANCE.md", "ROUTER.md"], ["R", "P", "F"]),
}


def rows_of(path, prefixes=None):
    """[(row, rest of its line)] of a file."""
    with open(path, encoding="utf-8") as f:
        found = ROW.findall(f.read())
    return [(row, rest) for row, rest in found if not prefixes or row.split("-")[0] in prefixes]


def table_of(page):
    """What a page claims, [(row, tests)], and the rows that it defines."""
    claimed, defined = [], []
    for row, rest in rows_of(os.path.join(ROOT, "docs", page)):
        if LEVEL.match(rest):
            defined.append(row)
        else:
            claimed.append((row, rest))
    return claimed, defined


def wanted_of(page):
    """The rows that a page has to claim; None = the specification is not there."""
    files, prefixes = PAGES[page]
    paths = [os.path.join(SPECIFICATION, name) for name in files]
    if not all(os.path.exists(path) for path in paths):
        return None
    rows = [row for path in paths for row, _ in rows_of(path, prefixes)]
    return rows + table_of(page)[1]


def tests_of(path):
    """{test name: comment} of one C or Python file."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    if path.endswith(".py"):
        test = re.compile(r'^ *def (test_\w+)\([^)]*\):\n(?: *"""((?:[^"]|"(?!""))*)""")?', re.M)
        return dict(test.findall(text))
    found = {}
    test = re.compile(r"(?:/\*((?:[^*]|\*(?!/))*)\*/\n)?static void (\w+)\(void \*\*state\)")
    for comment, name in test.findall(text):
        # A test counts only when the program runs it.
        if re.search(rf"^\s+\w+\(\s*{name}[,)]", text, re.M):
            found[name] = comment
    return found


def all_tests():
    found = {}
    for folder, _, names in os.walk(os.path.join(ROOT, "tests")):
        for name in sorted(names):
            if name.startswith("test_") and name.endswith(".c") or name.endswith(".py"):
                found.setdefault(name, {}).update(tests_of(os.path.join(folder, name)))
    return found


def expand(comment):
    """The rows that a comment names; `H-ENC-1 to 5, 9` is H-ENC-1 ... H-ENC-5, H-ENC-9."""
    rows, head = set(), re.split("[:;]", comment)[0]
    family = None
    for name, number, _, last in re.findall(
            r"([A-Z]+(?:-[A-Z0-9]+)*-)?\b(\d+)( to (\d+))?(?=[, .]|$)", head):
        family = name or family
        if family:
            rows.update(f"{family}{i}" for i in range(int(number), int(last or number) + 1))
    return rows


def print_table(page):
    claims = {}
    for file, tests in sorted(all_tests().items()):
        for name, comment in tests.items():
            for row in expand(comment.strip()):
                claims.setdefault(row, []).append(f"`{file}: {name}`")
    for row in wanted_of(page) or [row for row, _ in table_of(page)[0]]:
        print(f"| {row} | {', '.join(claims.get(row, ['no test']))} |")


def faults_of(page, tests):
    """What is wrong with a page's table, a line each; and how many rows it has to have."""
    claimed, defined = table_of(page)
    table = dict(claimed)
    wanted = wanted_of(page)
    with open(os.path.join(ROOT, "docs", page), encoding="utf-8") as f:
        faults = [f"there is no test {name} in {file}" for file, name in CLAIM.findall(f.read())
                  if name not in tests.get(file, {})]
    faults += [f"{row}: stands twice in the table"
              for row in table if [name for name, _ in claimed].count(row) > 1]
    faults += [f"{row}: not in the specification"
               for row in table if wanted is not None and row not in wanted]
    if wanted is None:
        wanted = list(dict.fromkeys(list(table) + defined))
    for row in wanted:
        rest = table.get(row, "")
        if not CLAIM.search(rest) and not re.search(r"left out: \w", rest):
            faults.append(f"{row}: no test claims it")
    return faults, len(wanted)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--page", action="append", choices=list(PAGES))
    parser.add_argument("--print", action="store_true", dest="show")
    args = parser.parse_args()
    bad, tests = 0, all_tests()
    for page in args.page or PAGES:
        if args.show:
            print_table(page)
            continue
        faults, n = faults_of(page, tests)
        for fault in faults:
            print(f"{page}: {fault}")
        print(f"docs/{page}: {n} rows, {len(faults)} bad")
        bad += len(faults) or n == 0
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
