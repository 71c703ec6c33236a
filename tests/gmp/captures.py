#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Our frames against those of a reference host, scenario by scenario.

Each scenario feeds the capture's queries and foreign reports to the machine of IGMP and MLD at
their times, repeats what the application of the reference host did, and compares what comes out with
what the reference host sent: IP header and message field by field as scapy decodes them, records in
any order, times aside. tshark has to find nothing malformed and no bad checksum in any of our frames.

usage: captures.py REPLAY [CAPTURES]    (exit 77: the captures are not there)
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

from scapy.all import IP, IPv6, IPv6ExtHdrHopByHop, checksum, rdpcap
from scapy.contrib.igmp import IGMP
from scapy.contrib.igmpv3 import IGMPv3
from scapy.layers.inet6 import ICMPv6MLReport2

HERE = os.path.dirname(os.path.abspath(__file__))
REPLAY = None
CAPTURES = os.path.join(HERE, "..", "..", "..", "shared", "igmp", "pcaps")
PUBLIC = os.path.join(HERE, "..", "..", "..", "shared", "pcaps")

LONG = " ".join(f"192.0.{i}.{k}" for i in range(2) for k in range(1, 251))
# What was joined long before the captures of answers begin.
JOINED = ["-1000 include 232.1.2.3 192.0.2.1", "-1000 exclude 239.1.2.3 192.0.2.1"]


def packet(source, destination, payload_hex):
    """An IPv4 packet of protocol 2 as hex; its payload's checksum is filled in."""
    payload = bytearray.fromhex(payload_hex)
    payload[2:4] = checksum(bytes(payload)).to_bytes(2, "big")
    return bytes(IP(src=source, dst=destination, ttl=1, proto=2, tos=0xc0) / bytes(payload)).hex()


QUERY_V2 = packet("10.0.0.1", "224.0.0.1", "1164000000000000")
REPORT_OF_OTHER = packet("10.0.0.7", "239.1.2.3", "16000000ef010203")


def same(*script, **settings):
    """A scenario in which our frames are those of the capture."""
    return dict(script=list(script), differs=None, **settings)


def differs(frames, *script, **settings):
    """A scenario in which we differ on purpose: docs/igmp.md says why."""
    return dict(script=list(script), differs=frames, **settings)


ANSWERS = """bad-csum bad-len10 bad-len7 bad-no-ra bad-nsrc-short bad-ttl2 dst-224-0-0-2
dst-joined-group dst-unicast gsq-to-allhosts q1-general q2-general q2-general-b q3-code0 q3-extra4
q3-general q3-general-2x q3-general-srcs q3-group q3-group-unknown q3-gss-include q3-gss-nomatch
q3-qrv0-qqic0 q3-qrv1-qqic5 src-offsubnet src-zero unknown-type""".split()

SCENARIOS = {name: same(*JOINED) for name in ANSWERS}
SCENARIOS.update({
    "q3-general-2x": same("-1000 draw 0.5", *JOINED, "0 draw 0.11", "0 draw 0.5"),
    "q3-while-v2": same(*JOINED, f"-30 input {QUERY_V2}"),
    # RFC 9776 section 5.2: the sources asked for and not excluded; the reference sends its list.
    "q3-gss-exclude": differs(["IS_IN(239.1.2.3){192.0.2.2}"], *JOINED),
    # RFC 9776 section 7.2.1 (MUST NOT): such a query changes no version.
    "q2-groupspecific": differs(["IS_EX(239.1.2.3){192.0.2.1}"], *JOINED),
    # The reference lists its groups newest first: the same sizes, other groups in each.
    "v3-300-groups": same(*[f"-1000 exclude 239.7.{i // 250}.{i % 250 + 1}" for i in range(300)],
                          pooled=True),
    "v3-500-sources-isex": same(f"-1000 exclude 239.1.2.3 {LONG}"),
    "v3-500-sources-isin": same(f"-1000 include 239.1.2.3 {LONG}"),
    "v3-500-sources-toex": same(f"0 exclude 239.1.2.3 {LONG}"),
    "v3-500-sources-toin": same("-1000 exclude 239.1.2.3", f"0 include 239.1.2.3 {LONG}"),
    "v3-close": same("0 exclude 239.1.2.3", "0 include 232.1.2.3 192.0.2.1", "3 leave_all"),
    "v3-exclude": same("0 exclude 239.1.2.3", "3 exclude 239.1.2.3 192.0.2.1",
                       "6 exclude 239.1.2.3", "9 include 239.1.2.3"),
    "v3-join-asm": same("0 exclude 239.1.2.3", "3 include 239.1.2.3"),
    "v3-join-leave-fast": same("0 exclude 239.1.2.3", "0 include 239.1.2.3"),
    "v3-leave-asm": same("0 exclude 239.1.2.3", "3 include 239.1.2.3"),
    "v3-link-flap": same("-1000 exclude 239.1.2.3", "0 announce 10.0.0.2"),
    "v3-link-local": same("0 exclude 224.0.0.251", "3 include 224.0.0.251"),
    "v3-merge-fast": same("0 draw 0.9", "0 include 232.1.2.3 192.0.2.1 192.0.2.2",
                          "0.05 include 232.1.2.3 192.0.2.2", "4 include 232.1.2.3"),
    "v3-mode-in-ex-in": same("0 exclude 239.1.2.3", "3 include 239.1.2.3 192.0.2.1 192.0.2.2",
                             "6 exclude 239.1.2.3 192.0.2.1", "9 include 239.1.2.3"),
    "v3-no-address": same("0 exclude 239.1.2.3", "2 include 239.1.2.3", address="0.0.0.0"),
    "v3-ssm-add-second": same("0 include 232.1.2.3 192.0.2.1",
                              "3 include 232.1.2.3 192.0.2.1 192.0.2.2",
                              "6 include 232.1.2.3 192.0.2.2", "9 include 232.1.2.3"),
    "v3-ssm-join": same("0 include 232.1.2.3 192.0.2.1", "3 leave_all"),
    "v3-ssm-leave": same("0 include 232.1.2.3 192.0.2.1", "3 include 232.1.2.3"),
    "v2-join": same("0 exclude 239.1.2.3", "22 leave_all", version=2),
    "v2-join-leave": same("0 exclude 239.1.2.3", "0.4 include 239.1.2.3", version=2),
    "v2-leave-not-last-reporter": same(
        "-1000 exclude 239.1.2.3", f"-20 input {QUERY_V2}", f"-20 input {REPORT_OF_OTHER}",
        "0 leave_all", version=2),
    "v2-ssm-join": same("0 include 232.1.2.3 192.0.2.1", "1 leave_all", version=2),
    "v2-suppressed": same("-1000 exclude 239.1.2.3", version=2),
    "v2-unsolicited-suppressed": same("-0.1 draw 0.9", "-0.1 exclude 239.1.2.3",
                                      "5 leave_all", version=2),
    "v1-join-leave": same("0 exclude 239.1.2.3", "20 leave_all", version=1),
    "x-modechange-cancels-retx": same(
        "-1000 exclude 239.9.9.9", "-900 include 239.9.9.9",
        "0 draw 0.312", "0 draw 0.404", "0 draw 0.9", "0 exclude 239.1.2.3",
        # The query with QRV 7 whose answer the capture shows.
        "0.1 input " + packet("10.0.0.1", "224.0.0.1", "110a000000000000077d0000")),
    "x-no-ra-v1": same("-1000 exclude 239.1.2.3"),
    "x-no-ra-v2": same("-1000 exclude 239.1.2.3"),
    "x-qrv5-adopted": same(
        "-10 input " + packet("10.0.0.1", "224.0.0.1", "110a000000000000057d0000"),
        "0 exclude 239.1.2.3"),
})

MLD_HOST = "fe80::bc48:87ff:fe2a:4115"
MLD_JOINED = ["-1000 include ff35::1234 2001:db8::1", "-1000 exclude ff15::1234",
              "-1000 exclude ff02::1:ff2a:4115"]
SCENARIOS.update({name: same(*MLD_JOINED, address=MLD_HOST) for name in (
    "mld1-general", "mld2-bad-hlim", "mld2-bad-no-ra", "mld2-bad-src", "mld2-general",
    "mld2-specific")})
SCENARIOS.update({
    "mld2-join-leave": same("0 exclude ff15::1234", "2.496 include ff15::1234", address=MLD_HOST),
    "mld2-ssm": same("0 include ff35::1234 2001:db8::1", "2.5 leave_all", address=MLD_HOST),
})

# A kernel host among real queriers: what it said, each message once, however often.
PEERS = {
    "peer-bridge-igmpv3": same("3.028 include 232.1.2.3 192.0.2.1", "3.028 exclude 239.1.2.3",
                               "12.032 leave_all"),
    "peer-bridge-igmpv2": same("3.03 include 232.1.2.3 192.0.2.1", "3.03 exclude 239.1.2.3",
                               "12.0256 leave_all"),
    "peer-frr-igmpv3": same("8.3 include 232.1.2.3 10.1.0.2", "8.3 exclude 239.1.2.3",
                            "32.31 leave_all", address="10.2.0.2"),
    "peer-frr-igmpv2": same("8.29 include 232.1.2.3 10.1.0.2", "8.29 exclude 239.1.2.3",
                            "32.28 leave_all", address="10.2.0.2"),
    "peer-pimd-igmpv3": same("19.84 include 232.1.2.3 10.1.0.2", "19.84 exclude 239.1.2.3",
                             "19.84 draw 0.2", "19.84 draw 0.9", "31.843 leave_all",
                             address="10.2.0.2"),
    "peer-pimd-igmpv2": same("1.81 exclude 239.1.2.3", "35.8129 leave_all", address="10.2.0.2",
                             version=2),
    "peer-bridge-mldv2": same("0.48 exclude ff02::1:ff0c:b097",
                              "3.003 include ff35::1234 2001:db8::1", "3.003 exclude ff15::1234",
                              "9 include ff15::1234", "12 include ff35::1234",
                              address="fe80::7c02:fff:fe0c:b097"),
    "peer-bridge-mldv1": same("0 exclude ff02::1:ff57:1fb3",
                              "3.284 include ff35::1234 2001:db8::1", "3.284 exclude ff15::1234",
                              "9.2848 include ff15::1234", "12.2885 include ff35::1234",
                              address="fe80::2e:2fff:fe57:1fb3"),
    "peer-smcroute-host-lan": same("0 include 232.1.2.3 10.1.0.2", "0 exclude 239.1.2.3",
                                   "8 leave_all", address="10.2.0.2"),
}

RECORDS = {1: "IS_IN", 2: "IS_EX", 3: "TO_IN", 4: "TO_EX", 5: "ALLOW", 6: "BLOCK"}


MLD_TYPES = {130: "query", 131: "report", 132: "done", 143: "report2"}


def packet_of(frame):
    """The IP or IPv6 packet of a frame; None without one."""
    return frame[IP] if IP in frame else frame[IPv6] if IPv6 in frame else None


def message_of(ip):
    """The octets of an IGMP or MLD message; None in other packets."""
    if IP in ip:
        return bytes(ip.payload)
    message = ip.payload.payload if IPv6ExtHdrHopByHop in ip else ip.payload
    octets = bytes(message)
    return octets if octets[:1] and octets[0] in MLD_TYPES else None


def record_list(message):
    """(type, group, sources) of each record of a v3 report of IGMP or a v2 report of MLD."""
    if message[0] == 0x22:
        report = IGMPv3(message)
        assert len(report.payload.records) == report.payload.numgrp
        assert not any(r.auxdlen for r in report.payload.records)
        return [(r.rtype, r.maddr, r.srcaddrs) for r in report.payload.records]
    report, found = ICMPv6MLReport2(message), []
    record = report.records[0]
    while record:  # each is the payload of the one before
        assert record.auxdata_len == 0
        found.append((record.rtype, record.dst, record.sources))
        record = record.payload
    assert len(found) == report.records_number
    return found


def has_records(message):
    return message[0] in (0x22, 143)


def records(message):
    """The group records of a report in words, sorted."""
    return sorted(f"{RECORDS[kind]}({group}){{{','.join(sources)}}}"
                  for kind, group, sources in record_list(message))


def header_fields(ip):
    names = (("version", "ihl", "tos", "len", "id", "frag", "ttl", "proto", "chksum", "src", "dst")
             if IP in ip else ("version", "tc", "fl", "plen", "nh", "hlim", "src", "dst"))
    header = {name: ip.fields[name] for name in names}
    if IP in ip:
        header["flags"] = str(ip.flags)
        header["options"] = b"".join(bytes(o) for o in ip.options).hex()
    else:
        header["options"] = bytes(ip.payload)[:8].hex()
    return header


def fields(ip):
    """One frame as comparable fields; the octets of a report with records count by its records."""
    message, header = message_of(ip), header_fields(ip)
    header["checksum"] = message[2:4].hex()
    if has_records(message):
        header["flags_of_report"] = message[1:2].hex() + message[4:6].hex()
        header["records"] = records(message)
    elif IP in ip:
        old = IGMP(message)
        header["message"] = f"{old.type:#x} {old.mrcode} {old.gaddr}"
    else:
        header["message"] = message[:2].hex() + message[4:].hex()
    return header


def text(ip):
    message = message_of(ip)
    if has_records(message):
        return " ".join(records(message))
    return f"{message[0]:#x} {message[4:].hex()}"


def run(script, out, *arguments):
    done = subprocess.run([REPLAY, out, *arguments], input="\n".join(script) + "\n", text=True,
                          stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def complaints(pcap):
    """What tshark dislikes about our frames."""
    done = subprocess.run(
        ["tshark", "-r", pcap, "-o", "ip.check_checksum:TRUE", "-Y",
         "_ws.malformed || _ws.expert.severity >= 0x400000 || ip.checksum.status == 0 "
         "|| igmp.checksum.status == 0 || icmpv6.checksum.status == 0"],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return done.stdout


class Captures(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.all = os.path.join(self.dir.name, "all.pcap")

    def keep(self, pcap):
        """Collects what we sent, for one look by tshark."""
        with open(pcap, "rb") as one, open(self.all, "ab") as every:
            data = one.read()
            every.write(data if every.tell() == 0 else data[24:])

    def tearDown(self):
        if os.path.exists(self.all):
            self.assertGreater(os.path.getsize(self.all), 24)
            self.assertEqual(complaints(self.all), "", "tshark complains of our frames")

    def replay(self, name, scenario):
        """Returns (frames of the reference host, our frames from time 0 on)."""
        address = scenario.get("address", "10.0.0.2")
        frames = [f for f in rdpcap(os.path.join(CAPTURES, name + ".pcap")) if packet_of(f)]
        host = [packet_of(f) for f in frames if packet_of(f).src == address]
        host = [ip for ip in host if message_of(ip)]
        start = float(frames[0].time) if frames else 0
        script = list(scenario["script"])
        for f in frames:
            if packet_of(f).src != address:
                script.append(f"{float(f.time) - start:.6f} input {bytes(packet_of(f)).hex()}")
        script.sort(key=lambda line: float(line.split(" ", 1)[0]))
        script.append("120 end")
        out = os.path.join(self.dir.name, name + ".pcap")
        run(script, out, "address=" + address, f"version={scenario.get('version', 0)}")
        self.keep(out)
        kind = IPv6 if ":" in address else IP
        return host, [kind(bytes(f)) for f in rdpcap(out) if f.time >= 100000]

    def compare(self, name, scenario):
        theirs, ours = self.replay(name, scenario)
        if scenario["differs"] is not None:
            self.assertNotEqual([text(f) for f in theirs], scenario["differs"])
            self.assertEqual([text(f) for f in ours], scenario["differs"])
            return
        if scenario.get("pooled"):
            self.assertEqual([f.len for f in ours], [f.len for f in theirs])
            theirs, ours = ([sorted(r for f in side for r in records(message_of(f)))]
                            for side in (theirs, ours))
            self.assertEqual(ours, theirs)
            return
        theirs, ours = [fields(f) for f in theirs], [fields(f) for f in ours]
        if all(line.startswith("-") for line in scenario["script"]):
            # Answers: which group comes first is a matter of the draws.
            theirs.sort(key=str)
            ours.sort(key=str)
        self.assertEqual(ours, theirs)

    def test_each_scenario_sends_what_the_reference_host_sends(self):
        for name, scenario in SCENARIOS.items():
            with self.subTest(name):
                self.compare(name, scenario)

    def test_each_capture_that_a_scenario_names_is_there(self):
        """More may lie beside them, whatever a user keeps there."""
        there = {f[:-5] for f in os.listdir(CAPTURES) if f.endswith(".pcap")}
        self.assertEqual(set(SCENARIOS) | set(PEERS), there & (set(SCENARIOS) | set(PEERS)))

    def test_among_real_queriers_we_say_what_the_kernel_host_said(self):
        for name, scenario in PEERS.items():
            with self.subTest(name):
                theirs, ours = self.replay(name, scenario)
                self.assertEqual({text(f) for f in ours}, {text(f) for f in theirs})

    def test_public_captures_of_queriers_change_state_as_the_manual_says(self):
        expected = {
            "IGMP_V1": dict(version=1, querier_version=1),
            "IGMP_V2": dict(version=2, querier_version=2),
            "igmpv3-queries": dict(version=3, querier_version=3),
        }
        for name, state in expected.items():
            path = os.path.join(PUBLIC, name + ".pcap")
            if not os.path.exists(path):
                self.skipTest("no public captures")
            frames = [f for f in rdpcap(path) if IP in f and f[IP].proto == 2]
            start = float(frames[0].time)
            script = ["-100 exclude 239.1.2.3"]
            script += [f"{float(f.time) - start:.6f} input {bytes(f[IP]).hex()}" for f in frames]
            script.append(f"{float(frames[-1].time) - start + 0.001:.6f} end")
            out = os.path.join(self.dir.name, name + ".pcap")
            info = run(script, out, "address=10.0.0.2")
            with self.subTest(name):
                self.assertEqual({k: info[k] for k in state}, state)
                self.keep(out)
                self.assertEqual(info["rx"], RECEIVED[name])


# What became of each packet of the public captures, for a host that joined 239.1.2.3.
RECEIVED = {
    "IGMP_V1": {"query": 3, "report": 24},
    # Two group queries for groups that are not ours, two leaves of others.
    "IGMP_V2": {"query": 2, "report": 12, "other_type": 2, "destination": 2},
    "igmpv3-queries": {"query": 6},
}


if __name__ == "__main__":
    if len(sys.argv) > 2:
        CAPTURES = sys.argv[2]
    if len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK):
        sys.exit(__doc__)
    REPLAY = sys.argv[1]
    if not os.path.isdir(CAPTURES):
        print("skipped: absent: ../shared/igmp/pcaps")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
