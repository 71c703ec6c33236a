# SPDX-License-Identifier: BSD-3-Clause
"""The exporter's page with a real engine and a real exporter: what it shows is what the engine says."""

import json
import re
import signal
import time

import pytest

from netlab import wait_for
from programs import Traffic, mcsend

COUNT = 1234


@pytest.fixture(scope='module')
def page(browser, site):
    browser.open(site.exporter.url('/'))
    return browser


@pytest.fixture(scope='module')
def reader(site):
    one = site.daemon.cat(timeout=60)
    wait_for(lambda: site.daemon.stats()['consumers'], 10, 'the reader is there')
    return one


def shown_since(page, now_ns):
    """Waits for an answer that the engine gave after now_ns."""
    def is_newer():
        page.settle()
        return page.js('return [...page.engines.values()][0].stats.now_ns') > now_ns

    wait_for(is_newer, 10, 'the page shows a later answer')


def number(n):
    return f'{n:,}'


def clock(ns):
    return time.strftime('%H:%M:%S', time.localtime(ns // 10**9))


@pytest.fixture(scope='module')
def at_rest(page, site, reader):
    """What the engine says with all counters at rest, and the page shows."""
    site.query()
    mcsend(site.sender, '239.1.1.1:5000', '239.1.1.2:5000/2', '239.9.9.9:5000', '239.1.1.1:6000', count=COUNT,
           rate=5000)
    wait_for(lambda: site.daemon.stats()['received'] >= 3.5 * COUNT and
             site.daemon.stats()['consumers'][0]['received'] >= 1.5 * COUNT, 10, 'all has been read')
    shown_since(page, time.time_ns() + 2 * 10**8)  # and the device thread has looked once more
    return site.daemon.stats()


def test_the_numbers_on_top_are_the_engines(page, at_rest):
    tiles = page.js("return [...document.querySelectorAll('.tile .under')].map((one) => one.textContent)")
    dropped = sum(at_rest['drops'].values())
    assert at_rest['received'] > dropped > 0
    assert tiles[0].startswith(number(at_rest['received']) + ' in all')
    assert tiles[1:5] == [f'{number(n)} in all' for n in (at_rest['delivered'], dropped, 0, 0)]
    assert tiles[5] == 'mcring-cat in default'


def test_ports_are_the_engines(page, at_rest):
    port, row = at_rest['ports'][0], page.row('#ports', 'net_af_packet0')
    assert port['rx_packets'] >= 3.5 * COUNT
    assert row['Total'] == number(port['rx_packets'])
    assert (row['Missed'], row['Errors']) == (number(port['rx_missed']), '0')
    assert row['Link'] == 'up, 10 Gbit/s'
    assert row['Filter'] == f'{port["rung"]} {port["macs"]} addresses'
    assert row['Driver'] == port['driver']


def test_groups_are_the_engines(page, at_rest):
    shown = {row['Group']: row for row in page.rows('#groups')}
    assert len(shown) == len(at_rest['groups']) == 16
    for group in at_rest['groups']:
        row = shown[group['group']]
        assert (row['Total'], row['Interface']) == (number(group['packets']), group['interface'])
        assert (row['State'] in ('never came', 'just joined')) == (group['packets'] == 0)
        assert row['Filter'] == group['rung']
    first = at_rest['groups'][1]
    assert first['group'] == '239.1.1.1' and first['packets'] == COUNT
    page.js("[...document.querySelectorAll('#groups .opens')].find((one) => one.textContent === '239.1.1.1').click()")
    detail = page.text('#groups .detail:not([hidden])')
    assert f'Last datagram\n{clock(first["last_ns"])} (' in detail
    assert f'Last report\n{clock(first["last_report_ns"])} (' in detail
    assert f'Joins\n{first["joins"]} (configuration 1)' in detail


def test_readers_and_channels_are_the_engines(page, at_rest, reader):
    one, row = at_rest['consumers'][0], page.row('#readers-table', 'mcring-cat')
    assert one['received'] == COUNT * 3 // 2
    assert (row['Total'], row['Lost'], row['Passed over']) == \
        tuple(number(one[key]) for key in ('received', 'lost', 'skipped'))
    assert (row['Process'], row['Channel']) == (str(reader.process.pid), 'default')
    assert (row['Room left'], row['Messages left']) == ('100 %', number(one['headroom']))
    channel, row = at_rest['channels'][0], page.row('#channels', 'default')
    assert (row['Total'], row['Readers'], row['Joins'], row['Rings']) == \
        (number(channel['published']), '1', '16', '1 of 16 MiB')


def test_drops_are_the_engines_with_the_last_packet(page, at_rest):
    for reason in ('unknown_group', 'unknown_port'):
        sample, row = at_rest['drop_samples'][reason], page.row('#drops', reason)
        assert row['Total'] == number(COUNT) == number(at_rest['drops'][reason])
        assert row['The last packet'] == (
            f'{sample["group"]}:{sample["port"]} from 10.0.0.1:{sample["source_port"]}interface feed, no VLAN, '
            f'MAC {sample["source_mac"]} to {sample["destination_mac"]}, EtherType 0x0800, {sample["len"]} octets')
    assert len(page.rows('#drops')) == sum(n > 0 for n in at_rest['drops'].values())


def test_each_reason_is_explained(page, at_rest):
    assert set(page.js('return Object.keys(REASONS)')) == set(at_rest['drops'])


def test_membership_is_the_engines(page, at_rest):
    interface, row = at_rest['interfaces'][0], page.row('#membership', 'feed')
    assert interface['igmp_reports'] > 0 and interface['igmp_querier'] == '10.0.0.1'
    assert row['Speaks'] == f'IGMPv3{interface["igmp_reason"]}'
    assert (row['Querier'], row['Queries'], row['Groups']) == \
        ('10.0.0.1', number(interface['igmp_queries']), '16')
    assert 0 < int(row['Reports']) <= interface['igmp_reports']  # it may still be answering
    assert page.row('#membership', 'lan')['Querier'] == 'this host'


def test_the_relay_is_the_engines(page, at_rest):
    rows = page.rows('#outputs')
    assert [(row['Interface'], row['Role'], row['Total sent']) for row in rows] == \
        [(one['interface'], one['role'], number(one['tx'])) for one in at_rest['relay']]
    assert [row['Forwards'] for row in rows] == [
        ', '.join(name for name in ('IPv4', 'IPv6') if one['forwards_' + name.lower()])
        for one in at_rest['relay']]


def test_the_verdict_is_the_engines(page, site, at_rest):
    def ageless(text):
        return re.sub(r'[\d.]+ (ms|s|min)\b', '', text)

    def is_the_engines():
        page.settle()
        why = json.loads(site.daemon.ctl('--json', 'why', check=False).stdout)
        shown = page.js("""return [...document.querySelectorAll('.finding')].map((one) => [
            one.querySelector('strong').textContent.toLowerCase(), one.querySelector('bdi').textContent])""")
        said = [[one['severity'], one['text']] for one in why['findings']]
        return said and [[kind, ageless(text)] for kind, text in shown] == \
            [[kind, ageless(text)] for kind, text in said[:5]]

    # The exporter asks for it once in 5 s.
    wait_for(is_the_engines, 15, 'the page shows the findings of mcring-ctl why')


def test_plots_move_while_datagrams_come(page, site):
    line = "return document.querySelector('.tile .plot .line').getAttribute('d')"
    traffic = Traffic(site.sender, '239.1.1.1:5000', rate=500)
    page.wait_for_rates(2)
    before = page.js(line)
    page.wait_for_rates()
    assert before != page.js(line)
    row = page.row('#groups', '239.1.1.1')
    assert row['Datagrams'] != '0/s' and row['State'] == 'flows'
    assert page.row('#groups', '239.1.1.3')['Datagrams'] == '0/s'
    assert all(page.row(table, first)[column] not in ('0/s', '–') for table, first, column in (
        ('#ports', 'net_af_packet0', 'Frames'), ('#readers-table', 'mcring-cat', 'Messages'),
        ('#channels', 'default', 'Messages'), ('#lcores', '1', 'Received')))
    traffic.stop()


def test_all_is_asked_of_the_exporter_alone(page, site):
    assert page.asked() == {site.exporter.url('/data.json')}
    assert page.complaints() == []


def test_a_killed_engine_is_shown_and_so_is_its_return(page, site):
    site.daemon.stop(signal.SIGKILL)
    wait_for(lambda: page.text('#verdict-title') == 'No answer from the engine', 15, 'the page shows it')
    assert page.text('#live').startswith('The engine is gone')
    site.daemon.start()
    wait_for(lambda: page.text('#live') == 'Live', 15, 'the page shows that it is back')
    page.wait_for_rates(2)
    stats = site.daemon.stats()
    assert page.row('#ports', 'net_af_packet0')['Total'] == number(stats['ports'][0]['rx_packets'])
    # Its counters began anew, which is no negative rate.
    assert page.js('''return [...page.engines.values()].flatMap((own) => [...own.history.series].filter(
        ([, one]) => one.values.some((value) => value < 0)).map(([key]) => key))''') == []


def test_a_killed_exporter_is_shown_and_so_is_its_return(page, site):
    site.exporter.stop(signal.SIGKILL)
    wait_for(lambda: (page.text('#live') or '').startswith('The exporter is gone: it does not answer'), 15,
             'the page shows it')
    assert page.row('#ports', 'net_af_packet0')  # the last answer stays
    site.exporter.begin()
    wait_for(lambda: page.text('#live') == 'Live', 15, 'the page goes on by itself')
