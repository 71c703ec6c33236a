#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What hosts of real LANs said, heard by a querier: its table has to hold what they wanted.

The hosts' applications are those of captures.py; of the LANs with a router, the changes that the
table has to make stand below, to a millisecond.

usage: querier_captures.py QUERIER_REPLAY [SHARED]    (exit 77: the captures are not there)
"""
import json
import os
import subprocess
import sys
import unittest

from scapy.all import IP, IPv6, rdpcap

import captures
from captures import message_of, packet_of, record_list

REPLAY = None
SHARED = os.path.join(captures.HERE, "..", "..", "..", "shared")
LAST_MEMBER = 2.0 # seconds from a leave to its end
NOBODY = ("INCLUDE", frozenset())
ANY = ("EXCLUDE", frozenset())

# The application wants what one report does not hold; of two halves, the second takes the first
# away, unless somebody answers.
SPLIT = {
    "v3-500-sources-isex": ("EXCLUDE", 365),
    "v3-500-sources-toex": ("EXCLUDE", 365),
    "v3-500-sources-isin": ("INCLUDE", 500),
    "v3-500-sources-toin": ("INCLUDE", 500),
}


def load(*path):
    """[(seconds since the first frame, packet)] of the messages of IGMP and MLD."""
    frames = [f for f in rdpcap(os.path.join(SHARED, *path) + ".pcap") if packet_of(f)]
    start = float(frames[0].time) if frames else 0
    found = [(float(f.time) - start, packet_of(f)) for f in frames]
    return [(at, ip) for at, ip in found if is_membership(ip)]


def is_membership(ip):
    return ip.proto == 2 if IP in ip else message_of(ip) is not None


def replay(frames, address, end):
    """What the querier made of these frames."""
    script = [f"{at:.6f} input {bytes(ip).hex()}" for at, ip in frames] + [f"{end:.6f} end"]
    done = subprocess.run([REPLAY, address], input="\n".join(script) + "\n", text=True,
                          stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def table(result, at):
    """{group: (mode, sources)} of what is forwarded, after all that happened until then."""
    groups = {}
    for when, group, mode, sources in result["changes"]:
        if when <= at:
            groups[group] = (mode, frozenset(sources))
    return {group: state for group, state in groups.items() if state != NOBODY}


def reported(frames):
    """{group: whether an old report named it} of what hosts reported."""
    groups = {}
    for _, ip in frames:
        message = message_of(ip)
        if captures.has_records(message):
            for _, group, _ in record_list(message):
                groups.setdefault(group, False)
        elif message[0] in (0x12, 0x16, 131):
            groups[ip.dst] = True
    return groups


def states(script):
    """[(seconds, {group: (mode, sources)})] of what the application wants."""
    now, found = {}, []
    for line in sorted(script, key=lambda one: float(one.split(" ", 1)[0])):
        at, verb, *words = line.split()
        if verb in ("exclude", "include"):
            now = {**now, words[0]: (verb.upper(), frozenset(words[1:]))}
        elif verb == "leave_all":
            now = {}
        else:
            continue
        found.append((float(at), {group: state for group, state in now.items() if state != NOBODY}))
    return found


def stays_on_link(group):
    return group.startswith("224.0.0.") or group.startswith("ff02:")


def heard(wanted, groups):
    """What a querier can know of it: groups of older hosts have no sources, and 232/8 none of
    them."""
    found = {}
    for group, state in wanted.items():
        if group not in groups or stays_on_link(group):
            continue
        if not groups[group]:
            found[group] = state
        elif not group.startswith(("232.", "ff35:")):
            found[group] = ANY
    return found


class Hosts(unittest.TestCase):
    maxDiff = None

    def frames(self, name, scenario):
        address = scenario.get("address", "10.0.0.2")
        return [(at, ip) for at, ip in load("igmp", "pcaps", name) if ip.src == address]

    def compare(self, name, scenario):
        address = scenario.get("address", "10.0.0.2")
        us = "fe80::1" if ":" in address else "10.0.0.1" if address == "0.0.0.0" else \
            address.rsplit(".", 1)[0] + ".1"
        frames = self.frames(name, scenario)
        end = max([at for at, _ in frames], default=0) + LAST_MEMBER + 0.01
        result = replay(frames, us, end + 1)
        wanted, groups = states(scenario["script"]), reported(frames)
        # "ssm": what older hosts say of source-specific groups.
        self.assertTrue(set(result["rx"]) <= {"report", "leave", "ssm"}, result["rx"])
        for i, (_, state) in enumerate(wanted):
            until = wanted[i + 1][0] - 0.05 if i + 1 < len(wanted) else end
            if until - wanted[i][0] > LAST_MEMBER: # what was left before is forgotten
                self.assertEqual(table(result, until), heard(state, groups), until)

    def test_the_table_holds_what_the_hosts_wanted(self):
        for name, scenario in {**captures.SCENARIOS, **captures.PEERS}.items():
            # The reference host answers with its whole list, whatever was asked for.
            if name in SPLIT or name == "q3-gss-exclude":
                continue
            with self.subTest(name):
                self.compare(name, scenario)

    def test_a_list_in_two_reports_is_one(self):
        for name, (mode, n) in SPLIT.items():
            with self.subTest(name):
                frames = self.frames(name, captures.SCENARIOS[name])
                end = max(at for at, _ in frames)
                result = replay(frames, "10.0.0.1", end + 0.1)
                found = table(result, end + 0.001)["239.1.2.3"]
                self.assertEqual((found[0], len(found[1])), (mode, n))

    def test_of_captures_that_anybody_has_each_group_is_there(self):
        for name in ("IGMP_V1", "IGMP_V2"):
            if not os.path.exists(os.path.join(SHARED, "pcaps", name + ".pcap")):
                self.skipTest("no public captures")
            with self.subTest(name):
                frames = [(at, ip) for at, ip in load("pcaps", name) if message_of(ip)[0] != 0x11]
                result = replay(frames, "192.0.2.1", frames[-1][0] + 0.01)
                expected = {group for group in reported(frames)
                            if not group.startswith("232.") and not stays_on_link(group)}
                self.assertEqual({change[1] for change in result["changes"]}, expected)


# Of the LAN of each router: the address that is ours, what we hear, and what changes.
ROUTERS = {
    # 2.0 s after the first leave, not after its copy.
    "bridge-leave-v3": ("10.1.0.1", [
        (16.908, "232.1.2.3", "INCLUDE", "10.1.0.2"), (16.908, "239.1.2.3", "EXCLUDE"),
        (22.920, "239.1.2.3", "INCLUDE"), (26.924, "232.1.2.3", "INCLUDE")]),
    "bridge-leave-v2": ("10.1.0.1", [
        (16.816, "239.1.2.3", "EXCLUDE"), (22.807, "239.1.2.3", "INCLUDE")]),
    # Another router asks later on: it counts no more than a host does.
    "px-mcproxy-b0": ("10.3.0.1", [
        (8.541, "239.1.2.3", "EXCLUDE"), (19.545, "239.1.2.3", "INCLUDE"),
        (27.545, "232.1.2.3", "INCLUDE", "10.1.0.77"), (38.549, "232.1.2.3", "INCLUDE"),
        (44.853, "239.7.7.7", "INCLUDE", "10.1.0.77"), (54.873, "239.7.7.7", "INCLUDE"),
        (94.929, "239.1.2.3", "EXCLUDE")]),
    # BLOCK in EXCLUDE: the source is not wanted when nobody has answered.
    "px-mcproxy-a0": ("10.2.0.1", [
        (5.541, "239.1.2.3", "EXCLUDE"), (13.541, "239.1.2.3", "INCLUDE"),
        (24.545, "232.1.2.3", "INCLUDE", "10.1.0.2"), (32.545, "232.1.2.3", "INCLUDE"),
        (42.549, "239.7.7.7", "EXCLUDE"), (44.849, "239.7.7.7", "EXCLUDE", "10.1.0.77"),
        (49.853, "239.7.7.7", "INCLUDE"), (59.445, "239.255.255.250", "EXCLUDE"),
        (65.249, "239.255.255.250", "INCLUDE"), (66.941, "239.1.2.3", "EXCLUDE")]),
    "px-igmpproxy-a0": ("10.2.0.1", [
        (5.520, "239.1.2.3", "EXCLUDE"), (13.512, "239.1.2.3", "INCLUDE"),
        (42.608, "239.7.7.7", "EXCLUDE"), (49.941, "239.7.7.7", "INCLUDE"),
        (59.456, "239.255.255.250", "EXCLUDE"), (64.447, "239.255.255.250", "INCLUDE"),
        (66.456, "239.1.2.3", "EXCLUDE")]),
}


class Routers(unittest.TestCase):
    maxDiff = None

    def changes(self, result):
        return [tuple([round(at, 3), group, mode, *sources])
                for at, group, mode, sources in result["changes"]]

    def assert_changes(self, result, expected):
        found = self.changes(result)
        self.assertEqual([change[1:] for change in found], [change[1:] for change in expected])
        for change, wanted in zip(found, expected):
            self.assertAlmostEqual(change[0], wanted[0], delta=0.0011)

    def test_in_a_routers_place_the_table_changes_when_the_rfc_says(self):
        for name, (us, expected) in ROUTERS.items():
            with self.subTest(name):
                frames = [(at, ip) for at, ip in load("igmp", "router-pcaps", name)
                          if ip.src != us]
                self.assert_changes(replay(frames, us, frames[-1][0] + 3), expected)

    def not_the_querier(self, name, start, again, end):
        """In the place of 10.2.0.10, of which 10.2.0.5 takes the role. The host answers none of its
        queries, and leaves: that counts for nothing until the querier asks, which comes too late."""
        us, other = "10.2.0.10", "10.2.0.5"
        frames = [(at, ip) for at, ip in load("igmp", "router-pcaps", name) if ip.src != us]
        result = replay(frames, us, frames[-1][0] + 20)
        self.assertEqual([change[1:] for change in result["roles"]],
                         [["us", us], ["other", other], ["us", us]])
        self.assertAlmostEqual(result["roles"][1][0], start, delta=0.001)
        self.assertAlmostEqual(result["roles"][2][0], again, delta=0.001)
        self.assertEqual([at for at, _ in result["queries"] if start <= at < again - 0.001], [])
        self.assertEqual(len(self.changes(result)), 4)
        for at, _, mode, *sources in self.changes(result)[2:]:
            self.assertEqual((mode, sources), ("INCLUDE", []))
            self.assertAlmostEqual(at, end, delta=0.001)

    def test_while_another_is_the_querier_its_times_hold(self):
        """Its QRV 2, QQIC 5 and response time of 1 s: members end after 12 s, it after 10.5 s."""
        self.not_the_querier("election-nonquerier-ef", 4.563, 35.749 + 10.5, 8.892 + 12)
        self.not_the_querier("election-nonquerier-ep", 5.424, 35.908 + 10.5, 10.594 + 12)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        SHARED = sys.argv[2]
    if len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK):
        sys.exit(__doc__)
    REPLAY = sys.argv[1]
    for folder in ("pcaps", "router-pcaps"):
        if not os.path.isdir(os.path.join(SHARED, "igmp", folder)):
            print(f"skipped: absent: ../shared/igmp/{folder}")
            sys.exit(77)
    unittest.main(argv=sys.argv[:1])
