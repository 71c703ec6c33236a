# SPDX-License-Identifier: BSD-3-Clause
"""A made-up exporter: the page with made-up engines behind it, for what real ones cannot show quickly.
`made_up.py [PORT]` serves some to look at."""

import http.server
import json
import math
import os
import sys
import threading
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
PAGE = os.path.join(ROOT, 'tools', 'mcring-exporter', 'page')
sys.path.insert(0, PAGE)

from embed import combine  # noqa: E402

S = 10**9
REASONS = ('truncated own_frame vlan_depth vlan_unknown not_ip bad_ip_header bad_ip_checksum fragment not_multicast '
           'not_udp bad_udp_length bad_udp_checksum unknown_group unknown_port wrong_source too_large '
           'punt_overflow kernel_overflow bad_source no_udp_checksum wrong_interface looped').split()

HEALTHY = {'ok': True, 'schema': 1, 'first': 'healthy: all groups flow', 'exit': 0, 'verdict': 'flows',
           'query': {}, 'findings': [], 'candidates': [], 'hidden': [],
           'proven': ['the link of 0000:3b:00.0 is up since 08:00:01', 'querier 10.0.0.1 was heard 3.2 s ago']}


def finding(code='wrong_vlan', severity='fault', text='239.1.1.1:5000 arrives, but on VLAN 5, for which '
            'net_af_packet0 has no interface', **more):
    return {'code': code, 'severity': severity, 'interface': None, 'port': None, 'channel': None, 'group': None,
            'groups': 1, 'text': text, 'evidence': [], 'todo': [], **more}


class Engine:
    """One that runs since `age` seconds, in which everything has counted on evenly."""

    def __init__(self, name='mcring', groups=12, age=3600, **more):
        self.name, self.age, self.started = name, age, time.time() - age
        self.up, self.error, self.why = True, None, HEALTHY
        self.more = more                # of the stats, instead of those below
        self.groups = [self.group(i) for i in range(groups)]
        self.waves = 0.3                # how much the rates swing
        self.answers = 0

    def group(self, i):
        """(group, interface, datagrams a second, octets of each, silent since seconds or None)"""
        silent = {3: 74.0, 7: None}.get(i % 40, 0.0) if i % 40 in (3, 7) else 0.0
        address = f'239.{1 + i // 62500}.{i // 250 % 250}.{1 + i % 250}' if i % 6 != 5 else f'ff15::{i:x}'
        return address, 'feed' if i % 3 else 'backup', 40000 / (1 + i), 200 + i % 7 * 150, silent

    def seconds(self):
        """The time in which things counted: with waves, so that plots have a shape."""
        passed = time.time() - self.started
        return passed + self.waves * 8 * math.sin(passed / 16) + self.waves * 2 * math.sin(passed / 3)

    def group_stats(self, one, now, passed):
        address, interface, rate, size, silent = one
        packets = 0 if silent is None else int(rate * max(0, passed - silent))
        last = None if silent is None else now - int(silent * S) - (0 if silent else int(S / (rate + 1)))
        return {'interface': interface, 'group': address, 'mode': 'exclude', 'n_sources': 0, 'sources': [], 'joins': 1,
                'owners': {'configuration': 1}, 'packets': packets, 'bytes': packets * size,
                'joined_ns': now - self.age * S, 'first_ns': last and now - self.age * S + S, 'last_ns': last,
                'rung': 'mac-list', 'rung_reason': 'one queue: nothing to steer', 'queue': None, 'igmp_state': 'idle',
                'last_report_ns': now - 31 * S, 'last_query_ns': None}

    def stats(self):
        now, passed = time.time_ns(), self.seconds()
        groups = [self.group_stats(one, now, passed) for one in self.groups]
        delivered = sum(one['packets'] for one in groups)
        drops = dict.fromkeys(REASONS, 0)
        drops.update(own_frame=int(2 * passed), unknown_group=int(310 * passed), vlan_unknown=int(55 * passed))
        received = delivered + sum(drops.values())
        sample = {'time_ns': now - 3 * S // 10, 'group': '239.9.9.9', 'port': 5000, 'source': '10.0.0.7',
                  'source_port': 4000, 'vlan': 5, 'dpdk_port': 0, 'interface': None, 'ether_type': 0x800, 'len': 142,
                  'destination_mac': '01:00:5e:09:09:09', 'source_mac': '52:54:00:12:34:56'}
        payload = sum(one['bytes'] for one in groups)
        stats = {
            'schema': 1, 'name': self.name, 'version': '0.18.0', 'started_ns': int(self.started * S), 'now_ns': now,
            'received': received, 'delivered': delivered, 'relayed_only': 0, 'punted': 0, 'drops': drops, 'relayed': 0,
            'ports': [self.port('0000:3b:00.0', received * 7 // 10, payload * 7 // 10),
                      {**self.port('0000:3b:00.1', received * 3 // 10, payload * 3 // 10), 'rx_missed': 12345,
                       'missed_last_ns': now - 4000 * S, 'rung': 'all-multicast'}],
            'lcores': [{'lcore': i, 'received': received // 2, 'delivered': delivered // 2, 'polls': int(passed * 4e6),
                        'bursts': int(received / 2 / (3 + i)), 'busy_cycles': int(passed * 2.6e9 * .21 * (i + 1)),
                        'tsc_hz': 2600000000, 'longest_gap_ns': 243000 * (i + 1), 'longest_gap_at_ns': now - 900 * S}
                       for i in range(2)],
            'control': {'rounds': 1, 'longest_round_ns': 3193730, 'longest_round_at_ns': now - 3000 * S, 'views': 4},
            'interfaces': [self.interface('feed', '0000:3b:00.0'),
                           {**self.interface('backup', '0000:3b:00.1'), 'vlan': 120, 'igmp_version': 2,
                            'igmp_reason': 'an older querier is present', 'igmp_querier': None,
                            'igmp_querier_age_ns': None}],
            'channels': [{'name': 'default', 'bytes': 1 << 26, 'rings': 2, 'published': delivered,
                          'published_bytes': payload, 'too_large': 0, 'consumers': 2, 'joins': len(groups)}],
            'groups': groups, 'groups_total': len(groups), 'queriers': [], 'relay': [],
            'consumers': [self.reader(1, 'feed-handler', delivered, 0.97, 0.61, 0),
                          self.reader(2, 'recorder', delivered, 0.42 + 0.3 * math.sin(passed / 20), 0, 1234)],
            'drop_samples': {'unknown_group': {**sample, 'vlan': 0, 'interface': 'feed'}, 'vlan_unknown': sample,
                             'own_frame': {**sample, 'group': 'ff02::16', 'source': 'fe80::1', 'port': 0}},
        }
        return {**stats, **self.more}

    def port(self, name, packets, octets):
        now = time.time_ns()
        return {'name': name, 'kernel': None, 'driver': 'net_ixgbe', 'mac': '52:54:00:00:00:01', 'link_up': True,
                'removed': False, 'speed_mbps': 10000, 'rx_packets': packets, 'rx_bytes': octets, 'rx_missed': 0,
                'rx_errors': 0, 'rx_nombuf': 0, 'rung': 'mac-list', 'rung_reason': '', 'macs': 14, 'flow_rules': 0,
                'flow_refused': 0, 'rx_last_ns': now - S // 20, 'open_until_ns': None}

    def interface(self, name, port):
        return {'name': name, 'port': port, 'address': '10.0.0.2', 'vlan': 0, 'tx_never': False, 'groups': 9,
                'igmp_version': 3, 'igmp_reason': 'no older querier is present', 'igmp_querier': '10.0.0.1',
                'igmp_querier_age_ns': 43 * S, 'igmp_queries': 29, 'igmp_reports': 260, 'igmp_role': None,
                'igmp': {'querier_left_ns': 212 * S}, 'link_local': 'fe80::5054:ff:fe00:1',
                'link_local_state': 'valid', 'address6': None, 'mld_version': 2, 'mld_reason':
                'no older querier is present', 'mld_querier': 'fe80::1', 'mld_querier_age_ns': 43 * S,
                'mld_queries': 29, 'mld_reports': 31, 'mld_role': None, 'mld': {'querier_left_ns': 212 * S}}

    def reader(self, number, label, published, part, low, lost):
        full = 260095
        return {'id': number, 'channel': 'default', 'label': label, 'pid': 4000 + number, 'uid': 1000,
                'received': published - lost, 'lost': lost, 'skipped': 0, 'published': published,
                'cursor': published - int((1 - part) * full), 'headroom': int(part * full),
                'headroom_min': int(low * full), 'heartbeat_age_ns': 1200000}

    def answer(self):
        self.answers += 1
        return {'name': self.name, 'socket': f'/run/mcring/{self.name}/stats', 'up': self.up, 'error': self.error,
                'age_ns': 20_000_000, 'stats': self.stats() if self.up else None, 'why': self.why if self.up else None}


class Watch(Engine):
    """A watch of two feeds, whose line B loses most."""

    def __init__(self, name='watch', **more):
        super().__init__(name, groups=0, **more)
        self.why = None

    def line(self, name, packets, lost, **more):
        now = time.time_ns()
        bursts = [{'window': window, 'window_ns': 1, 'packets': 3 * 5**i, 'packets_at_ns': now - 60 * S,
                   'bytes': 900 * 5**i, 'bytes_at_ns': now - 60 * S}
                  for i, window in enumerate(('10us', '100us', '1ms', '1s'))]
        lead = {'packets': packets, 'ahead_packets': packets, 'behind_packets': 0, 'hw': True, 'resolution_ns': 12,
                'min_ns': -900, 'median_ns': -256, 'max_ns': 0, 'ahead': [], 'behind': []}
        return {'name': name, 'engine': 'mcring', 'channel': 'md', 'up': True, 'down_since_ns': None,
                'down_why': None, 'packets': packets, 'first': packets - packets // 4, 'lost': lost, 'filled': lost // 2,
                'unsettled': 0, 'mismatches': 0, 'lead': lead, 'bursts': bursts, **more}

    def feed(self, name, lines, **more):
        now, messages = time.time_ns(), int(2000 * self.seconds())
        return {'name': name, 'engine': 'mcring', 'open': True, 'error': None, 'messages': messages, 'wire_messages': 8,
                'host_messages': 2, 'ring_messages': 0, 'late_messages': 1, 'resets': 1, 'resets_unannounced': 0,
                'silences': 0, 'silent_since_ns': None, 'lines': lines,
                'events': [{'time_ns': now - 5 * S, 'kind': 'gap', 'stream': 'unit=1', 'first': 7, 'last': 9,
                            'text': 'gap 7-9 of unit=1: 3 messages, lost by the wire'}], **more}

    def stats(self):
        now, packets = time.time_ns(), int(1000 * self.seconds())
        itch = self.feed('itch', [self.line('A', packets, 3), self.line(
            'B', packets, 40, up=False, down_since_ns=now - 9 * S, down_why='link down')])
        stats = {
            'schema': 1, 'name': 'watch', 'program': 'mcring-watch', 'version': '0.18.0', 'now_ns': now,
            'started_ns': int(self.started * S), 'groups_total': 1, 'feeds': [itch], 'engines': [],
            'alarms': [{'kind': 'gap', 'raised': 4, 'now': 0}, {'kind': 'line-down', 'raised': 1, 'now': 1}],
            'channels': [{'name': 'md', 'engine': 'mcring', 'attached': True, 'packets': 2 * packets, 'lost': 0,
                          'bursts': itch['lines'][0]['bursts']}],
            'groups': [{'channel': 'md', 'engine': 'mcring', 'interface': 'feed', 'group': '239.1.1.2', 'port': 5000,
                        'packets': 7, 'silent_since_ns': now - 9 * S, 'silences': 1, 'bursts': []}],
            'recordings': [{'name': 'ring', 'stopped': False, 'writing': False, 'error': None, 'triggers': 5,
                            'whole': 2, 'held_off': 1, 'no_room': 0, 'oldest_ns': now - 90 * S, 'dir_bytes': 5 << 20,
                            'file': '/rec/ring-20261129T200000Z-gap.pcapng'}],
        }
        return {**stats, **self.more}


class Sink(Engine):
    """A sink of a channel, and of a feed that lost something."""

    def __init__(self, name='sink-md', **more):
        super().__init__(name, groups=0, **more)
        self.why = None

    def source(self, kind, name, lost, **more):
        stored = int(1000 * self.seconds())
        return {'kind': kind, 'name': name, 'engine': 'mcring', 'up': True, 'error': None, 'read': stored + 30 + lost,
                'bytes': 64 * stored, 'stored': stored, 'stored_before': 2, 'refused': 1, 'lost': lost, 'restarts': 1,
                'gaps': 0, 'behind': 40, 'in_flight': 30, 'lag_ns': 3_000_000, **more}

    def stats(self):
        now = time.time_ns()
        stats = {
            'schema': 1, 'name': self.name, 'program': 'mcring-sink', 'version': '0.23.0', 'now_ns': now,
            'started_ns': int(self.started * S),
            'sink': {'name': 'md', 'broker': 'nats', 'server': '10.1.0.1:4222', 'connected': True, 'error': None,
                     'connects': 3, 'disconnects': 2, 'retried': 9, 'perhaps_twice': 4, 'aborted': 0, 'checkpoints': 7,
                     'checkpoint_ns': now - 60 * S, 'once_ns': 120 * S, 'in_flight': 5, 'memory_bytes': 64 << 20,
                     'memory_used_bytes': 16 << 20},
            'sources': [self.source('channel', 'md', 0), self.source('feed', 'itch', 11)],
        }
        return {**stats, **self.more}


class MadeUp:
    """Serves the page and its engines on 127.0.0.1; `asked` are the paths that were asked for."""

    def __init__(self, *engines, port=0):
        self.engines, self.asked, self.status = list(engines), [], 200
        page, policy = combine(os.path.join(PAGE, 'index.html'))
        made_up = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self):
                made_up.asked.append(self.path)
                body, kind, status = page, 'text/html; charset=utf-8', 200
                if self.path == '/data.json':
                    kind, status = 'application/json', made_up.status
                    body = json.dumps({'schema': 1, 'now_ns': time.time_ns(),
                                       'engines': [one.answer() for one in made_up.engines]}).encode()
                elif self.path != '/':
                    body, status = b'', 404
                self.send_response(status)
                for header in (('Content-Type', kind), ('Content-Length', str(len(body))),
                               ('Content-Security-Policy', policy)):
                    self.send_header(*header)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', port), Handler)
        self.server.daemon_threads = True
        self.url = f'http://127.0.0.1:{self.server.server_port}/'
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def examples():
    ill = Engine('sfeed', 400)
    ill.why = {**HEALTHY, 'exit': 1, 'verdict': 'cause',
               'first': '239.1.1.1:5000 on feed: no data: it arrives, but on VLAN 5, for which port 0000:3b:00.0 has '
                        'no interface (last 0.2 s ago from 10.0.0.7)',
               'findings': [
                   finding(interface='feed', port='0000:3b:00.0', group='239.1.1.1', groups=12, evidence=[
                       'the last such packet came 0.2 s ago from 10.0.0.7:4000, MAC 52:54:00:12:34:56, VLAN 5',
                       '12 groups of feed never came; all are seen on VLAN 5'],
                       todo=['take VLAN 5 off the switch port, or give the port an interface of that VLAN: '
                             '`--interface feed5=0000:3b:00.0,vlan=5,address=10.0.0.2/24`']),
                   finding('no_querier', 'warning', 'no querier was heard on backup for 12 min 30 s: a switch that '
                           'snoops will stop forwarding', interface='backup', evidence=['the last one was 10.0.0.1'],
                           todo=['`querier=auto` on backup makes mcring ask where nobody does']),
                   finding('rx_errors', 'note', '17 frames with errors came on 0000:3b:00.1, the last 2 h ago')]}
    unknown = Engine('tickers', 3)
    unknown.why = {**HEALTHY, 'exit': 2, 'verdict': 'undecided',
                   'first': '239.1.0.8:5000 on feed: nothing arrives, and this host cannot see why',
                   'candidates': [{'code': 'silent_sender', 'text': 'nobody sends to it',
                                   'command': 'tcpdump -ni IF host 10.0.0.7 and dst 239.1.0.8',
                                   'where': 'on the sender'},
                                  {'code': 'pruned', 'text': 'a router has pruned it',
                                   'command': 'show ip mroute 239.1.0.8', 'where': 'on each router of the path'}],
                   'hidden': ['the filter of 0000:3b:00.0 (mac-list) hides what nobody joined: '
                              '`mcring-ctl why 239.1.0.8 --open-filter 5` looks']}
    healthy = Engine('mcring', 12, relay=[])
    gone = Engine('old', 1)
    gone.up, gone.error = False, 'connect: Connection refused'
    return ill, unknown, healthy, gone


if __name__ == '__main__':
    print(MadeUp(*examples(), Watch(), Sink(), port=int(sys.argv[1]) if len(sys.argv) > 1 else 0).url, flush=True)
    threading.Event().wait()
