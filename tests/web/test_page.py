# SPDX-License-Identifier: BSD-3-Clause
"""The exporter's page with made-up engines: what it shows."""

import os
import re

import pytest

from made_up import HEALTHY, ROOT, S, Engine, Sink, Watch, examples, finding
from netlab import wait_for

# ---- functions ----

@pytest.fixture(scope='module')
def functions(browser, made_up):
    browser.driver.get(made_up.url)
    return browser.js


@pytest.mark.parametrize('call, text', [
    ('grouped(1234567)', '1,234,567'),
    ('grouped(null)', '–'),
    ('perSecond(0)', '0/s'),
    ('perSecond(0.004)', '<0.01/s'),
    ('perSecond(0.5)', '0.5/s'),
    ('perSecond(9.96)', '10/s'),
    ('perSecond(12345.6)', '12,346/s'),
    ('perSecond(null)', '–'),
    ('bits(125)', '1 kbit/s'),
    ('bits(1.25e9)', '10 Gbit/s'),
    ('bits(124.9)', '999 bit/s'),
    ('bits(124.99e6)', '1 Gbit/s'),
    ('octets(1536)', '1.54 kB'),
    ('linkSpeed(10000)', '10 Gbit/s'),
    ('linkSpeed(0)', ''),
    ('percent(99.9)', '99 %'),
    ('duration(0)', '0 s'),
    ('duration(486000)', '486 µs'),
    ('duration(3193730)', '3.19 ms'),
    ('duration(2e8)', '0.2 s'),
    ('duration(9.96e9)', '10 s'),
    ('duration(200e9)', '3 min 20 s'),
    ('duration(3600e9)', '1 h'),
    ('duration(446400e9)', '5 d 4 h'),
    ('ago(undefined)', 'never'),
    ('ago(4e7)', '0.0 s ago'),
    ("endpoint('239.1.1.1', 5000)", '239.1.1.1:5000'),
    ("endpoint('ff15::1', 5000)", '[ff15::1]:5000'),
    ("endpoint('ff15::1', 0)", 'ff15::1'),
    ("endpoint(null, 5000)", '–'),
    ("counted(1, 'group')", '1 group'),
    ("counted(2000, 'address', 'addresses')", '2,000 addresses'),
    (r"foreign('a\u202eb\nc')", 'a\ufffdb\ufffdc'),
    ("foreign('x'.repeat(200))", 'x' * 63 + '…'),
    ("['239.1.1.10', 'ff15::1', '239.1.1.2', 'ff15::0:2'].sort((a, b) => compare(addressKey(a), addressKey(b)))"
     ".join()", '239.1.1.2,239.1.1.10,ff15::1,ff15::0:2'),
    ('[niceMax(0), niceMax(1), niceMax(3), niceMax(51), niceMax(0.07)].join()', '1,1,5,100,0.1'),
    ('[3, null, 1, undefined].sort((a, b) => compare(a, b, true)).filter(isKnown).join()', '3,1'),
])
def test_a_function_gives_the_text(functions, call, text):
    assert functions('return ' + call) == text


@pytest.mark.parametrize('answers, rates', [
    ([(0, 1, 100), (1, 1, 150), (3, 1, 250)], [None, 50, 50]),
    ([(0, 1, 100), (1, 1, 40), (2, 1, 60)], [None, None, 20]),       # it began anew
    ([(0, 1, 100), (1, 2, 140), (2, 2, 150)], [None, None, 10]),     # another run that got further
    ([(5, 1, 100), (1, 2, 5), (2, 2, 9)], [None, None, 4]),          # whose clock was set back
    ([(0, 1, 100), (20, 1, 200), (21, 1, 205)], [None, None, 5]),    # a gap is not now
    ([(0, 1, None), (1, 1, 7), (2, 1, 9)], [None, None, 2]),
    ([(1, 1, 7), (1, 1, 9), (2, 1, 9)], [None, 2]),                  # the same answer twice
    ([(1, 1, 7), (1.1, 1, 9), (2, 1, 9)], [None, 2]),                # too soon to say
])
def test_rates_follow_from_counters(functions, answers, rates):
    """answers: (second, run of the engine, counter)"""
    got = functions('''
        const h = new History();
        return arguments[0].flatMap(([s, run, counter]) =>
            h.begin(s * SECOND, run) ? [h.rate('x', counter)] : []);''', answers)
    assert got == rates


def test_history_holds_five_minutes(functions):
    points = functions('''
        const h = new History();
        for (let s = 1; s <= 1000; s++) {
            h.begin(s * SECOND, 1);
            h.level('all', s);
            if (s % 100 < 50)
                h.level('half', s);
        }
        return [h.points('all'), h.points('half'), h.points('none')];''')
    everything, half, nothing = points
    assert [one[1] for one in everything] == list(range(701, 1001))
    assert everything[0][0] == 299
    # What an answer did not have is a hole in the line; old values do not come round again.
    assert [one[1] for one in half] == [s if s % 100 < 50 else None for s in range(701, 1001)]
    assert {one[1] for one in nothing} == {None}


@pytest.mark.parametrize('oldest, seconds', [(0, 60), (60, 60), (61, 120), (299, 300), (900, 300)])
def test_a_plot_is_as_long_as_its_history(functions, oldest, seconds):
    assert functions('return plotSeconds(arguments[0])', oldest) == seconds


def test_a_group_flows_by_the_rule_of_why(functions):
    with open(os.path.join(ROOT, 'lib', 'engine', 'why', 'why_limits.h')) as header:
        limits = dict(re.findall(r'#define MCR_WHY_(\w+) +\(?(\d+)', header.read()))
    within, gaps, new = (int(limits[name]) for name in ('FLOWS_NS', 'FLOWS_GAPS', 'NEW_NS'))

    def state(packets, first, last, now):
        return functions('return groupState({joined_ns: 10 * SECOND, packets: arguments[0], first_ns: arguments[1] '
                         '* SECOND, last_ns: arguments[2] * SECOND}, arguments[3] * SECOND)', packets, first, last, now)

    assert state(0, 0, 0, 10 + new - .1) == 'new'
    assert state(0, 0, 0, 10 + new + .1) == 'never'
    assert state(1, 100, 100, 100 + within - .1) == 'flows'
    assert state(1, 100, 100, 100 + within + .1) == 'silent'
    assert state(11, 100, 120, 120 + 2 * gaps - .1) == 'flows'  # one each 2 s
    assert state(11, 100, 120, 120 + 2 * gaps + .1) == 'silent'


# ---- the verdict ----

def test_the_verdict_stands_first_with_what_to_do(show):
    page = show(examples()[0])
    assert page.text('#verdict-title') == '1 fault, 1 warning'
    assert page.text('.first').startswith('239.1.1.1:5000 on feed: no data: it arrives, but on VLAN 5')
    severities = page.js("return [...document.querySelectorAll('.finding strong')].map((one) => one.textContent)")
    assert severities == ['Fault', 'Warning', 'Note']
    worst = page.text('.finding')
    assert 'wrong_vlan · interface feed · port 0000:3b:00.0 · 12 groups' in worst
    assert 'the last such packet came 0.2 s ago from 10.0.0.7:4000' in worst
    assert page.text('.finding .todo code') == '--interface feed5=0000:3b:00.0,vlan=5,address=10.0.0.2/24'
    # It is the first thing below the head, in the document as on the screen.
    assert page.js("return document.querySelector('main section').id") == 'verdict'
    assert page.driver.title == 'sfeed: 1 fault, 1 warning'


def test_a_finding_is_not_said_twice_and_commands_are_seen(show):
    engine = Engine()
    engine.why = {**HEALTHY, 'exit': 1, 'first': 'it arrives on VLAN 5 (and 1 more finding)', 'findings': [
        finding(text='it arrives on VLAN 5', todo=["mcring-ctl join '239.1.1.2:6000' (to keep it)", 'or ask'])]}
    page = show(engine)
    assert page.text('.first') is None
    assert page.js("return document.querySelector('.todo').innerHTML") == \
        "<li><code>mcring-ctl join '239.1.1.2:6000'</code> (to keep it)</li><li>or ask</li>"


def test_what_is_not_decidable_says_whom_to_ask(show):
    page = show(examples()[1])
    assert page.text('#verdict-title') == 'Not decidable from this host'
    assert page.rows('.elsewhere')[1] == {
        'It may be': 'a router has pruned it', 'Ask': 'show ip mroute 239.1.0.8',
        'Where': 'on each router of the path'}
    assert '--open-filter 5' in page.text('.hints')
    assert not page.text('.findings')


def test_many_findings_are_shown_on_demand(show):
    engine = Engine()
    engine.why = {**HEALTHY, 'exit': 1, 'findings': [finding(text=f'finding {i}') for i in range(64)]}
    page = show(engine)
    assert page.text('#verdict-title') == '64 faults'
    assert page.js("return document.querySelectorAll('.finding').length") == 5
    page.js("document.querySelector('#verdict > button').click()")
    assert page.js("return document.querySelectorAll('.finding').length") == 64


def test_a_screen_reader_hears_what_changes_and_no_numbers_that_count(show):
    engine = Engine()
    page = show(engine)
    page.js('''
        window.heard = [];
        new MutationObserver(() => heard.push(byId('said').textContent)).observe(
            byId('said'), {childList: true, characterData: true, subtree: true});''')
    for i in range(3):
        engine.why = {**HEALTHY, 'first': f'healthy: 12 groups flow (last {i} s ago)'}
        page.settle()
    assert page.js('return heard') == []
    engine.why = examples()[0].why
    page.settle()
    assert len(page.js('return heard')) == 1
    assert page.js('return heard[0]').startswith('mcring: 1 fault, 1 warning. 239.1.1.1:5000 on feed: no data')
    assert page.js("return [...document.querySelectorAll('[aria-live], [role=status], [role=alert]')]"
                   ".map((one) => one.id)") == ['said']


# ---- the parts ----

def test_each_part_shows_its_numbers(show):
    engine = Engine(groups=12)
    engine.waves = 0
    page = show(engine)
    page.wait_for_rates()
    stats = page.js('return [...page.engines.values()][0].stats')
    port = page.row('#ports', '0000:3b:00.1')
    assert port['Link'] == 'up, 10 Gbit/s'
    assert port['Total'] == f'{stats["ports"][1]["rx_packets"]:,}'
    assert port['Missed'] == '12,345'
    assert port['Filter'] == 'all-multicast 14 addresses'
    group = page.row('#groups', '239.1.0.1')
    assert (group['Interface'], group['State'], group['Sources']) == ('backup', 'flows', 'any')
    silent = page.row('#groups', '239.1.0.4')
    assert (silent['State'], silent['Silent for']) == ('silent', '1 min 14 s')
    assert page.row('#groups', '239.1.0.8')['Silent for'] == 'always'
    reader = page.row('#readers-table', 'feed-handler')
    assert (reader['Room left'], reader['Lost'], reader['Messages left']) == ('97 %', '0', '252,292')
    drop = page.row('#drops', 'vlan_unknown')
    assert drop['Reason'] == 'vlan_unknownno interface has its VLAN'
    assert drop['The last packet'] == (
        '239.9.9.9:5000 from 10.0.0.7:4000no interface, VLAN 5, '
        'MAC 52:54:00:12:34:56 to 01:00:5e:09:09:09, EtherType 0x0800, 142 octets')
    feed = page.row('#membership', 'feed')
    assert (feed['Speaks'], feed['Querier'], feed['Heard'], feed['Expires in'], feed['Reports'], feed['Last report']) \
        == ('IGMPv3no older querier is present', '10.0.0.1', '43 s ago', '3 min 32 s', '260', '31 s ago')
    assert [row['Querier'] for row in page.rows('#membership')] == ['10.0.0.1', 'fe80::1', 'none heard', 'fe80::1']
    loss = page.row('#losses-table', 'In the NIC')
    assert (loss['Now'], loss['Total'], loss['Last']) == ('0/s', '12,345', '1 h 6 min ago')
    lcore = page.row('#lcores', '1')
    assert (lcore['Packets in a burst'], lcore['Longest gap']) == ('4', '486 µs')
    assert page.text('#relay') is None


def test_the_relay_is_shown_where_there_is_one(show):
    page = show(Engine(relay=[{
        'interface': 'lan0', 'role': 'downstream', 'forwards_ipv4': True, 'forwards_ipv6': False, 'why': None,
        'offered': 2000, 'tx': 1900, 'tx_full': 60, 'tx_mtu': 0, 'tx_ttl': 10, 'tx_no_buffer': 0, 'tx_down': 30,
        'wrong_interface': 0, 'looped': 0}]))
    row = page.row('#outputs', 'lan0')
    assert (row['Forwards'], row['Total sent'], row['Not sent'], row['Because']) == \
        ('IPv4', '1,900', '90', 'queue full 60, link down 30')
    assert page.row('#losses-table', 'Copies of the relay')['Total'] == '90'


def test_a_watch_shows_the_gaps_of_each_line_first(show):
    watch = Watch()
    page = show(watch)
    assert page.text('#verdict-title') == 'line-down 1'
    assert page.text('.first').startswith('1 feed, of which 10 messages came on no line: 8 lost by the wire, 2 perhaps')
    shown = page.js("return [...document.querySelectorAll('main section')].filter((one) => one.checkVisibility())"
                    ".map((one) => one.id)")
    assert shown == ['verdict', 'lines', 'feeds', 'bursts', 'silent', 'recordings', 'events']
    worst, other = page.rows('#lines')
    assert (worst['Feed'], worst['Line'], worst['Lost'], worst['Filled']) == ('itch', 'B', '40', '20')
    assert worst['State'].startswith('down for 9') and worst['State'].endswith('link down')
    assert (other['Line'], other['Lost'], other['State']) == ('A', '3', 'up')
    assert (other['First'], other['Median'], other['Resolution']) == ('75 %', 'ahead 256 ns', '12 ns')
    feed = page.row('#feeds', 'itch')
    assert (feed['Wire'], feed['Host'], feed['Watch'], feed['Resets']) == ('8', '2', '0', '1')
    assert page.row('#bursts', 'channel mcring/md')['1 ms'] == '75'
    assert page.row('#silent', '239.1.1.2:5000')['Silent'].startswith('9')
    assert page.row('#recordings', 'ring')['Last file'] == '/rec/ring-20261129T200000Z-gap.pcapng'
    assert page.rows('#events')[0]['Says'] == 'gap 7-9 of unit=1: 3 messages, lost by the wire'
    page.wait_for_rates()
    assert page.rows('#lines')[0]['Packets'].endswith('/s')
    watch.more['alarms'] = []
    watch.more['feeds'] = [watch.feed('itch', [], open=False, error='no such feed <b>')]
    page.settle()
    assert page.text('#verdict-title') == 'No alarm now'
    assert page.text('.first') == 'itch is not read: no such feed <b>'
    assert page.text('#lines').endswith('No feed is read.')


def test_a_sink_shows_what_its_broker_has_and_what_was_lost(show):
    sink = Sink()
    page = show(sink)
    assert page.text('#verdict-title') == 'The broker has it'
    assert re.fullmatch(r'2 sources: [\d,]+ of [\d,]+ messages stored; 13 lost, which readers are told',
                        page.text('.first'))
    shown = page.js("return [...document.querySelectorAll('main section')].filter((one) => one.checkVisibility())"
                    ".map((one) => one.id)")
    assert shown == ['verdict', 'sources', 'broker']
    worst, other = page.rows('#sources')
    assert (worst['Source'], worst['Kind'], worst['Lost'], worst['State']) == ('itch', 'feed', '12', 'read')
    assert (other['Source'], other['Kind'], other['Lost']) == ('md', 'channel', '1')
    assert (other['Lag'], other['Behind'], other['In flight'], other['Restarts']) == ('3 ms', '40', '30', '1')
    broker = page.row('#broker', 'nats')
    assert (broker['Server'], broker['State'], broker['Times lost']) == ('10.1.0.1:4222', 'connected', '2')
    assert (broker['Sent again'], broker['Perhaps twice'], broker['Memory']) == ('9', '4', '25 %')
    assert broker['Position'] == '1 min ago'
    page.wait_for_rates()
    assert page.rows('#sources')[0]['Stored'].endswith('/s')


def test_the_verdict_of_a_sink_is_its_broker_then_its_sources_then_its_lag(show):
    sink = Sink()
    whole = sink.stats()
    sink.more['sources'] = [sink.source('channel', 'md', 0, lag_ns=9 * S)]
    page = show(sink)
    assert page.text('#verdict-title') == 'Late'
    sink.more['sources'].append(sink.source('feed', 'itch', 0, up=False, error='no such feed <b>'))
    page.settle()
    assert page.text('#verdict-title') == '1 source not read'
    assert page.text('.first') == 'itch is not read: no such feed <b>'
    assert page.row('#sources', 'itch')['State'] == 'not read: no such feed <b>'
    sink.more['sink'] = {**whole['sink'], 'connected': False, 'error': 'connection refused'}
    page.settle()
    assert page.text('#verdict-title') == 'No broker'
    assert page.text('.first') == 'nats 10.1.0.1:4222: connection refused'


def test_parts_without_anything_say_so_and_fill_later(show):
    engine = Engine(groups=0, consumers=[], drops={}, drop_samples={})
    page = show(engine)
    assert page.text('#readers-table') == 'Nobody reads.'
    assert page.text('#drops').endswith('Nothing was dropped.')
    del engine.more['consumers'], engine.more['drops']
    page.settle()
    assert len(page.rows('#readers-table')) == 2
    assert len(page.rows('#drops')) == 3


def test_a_loss_is_seen_in_number_word_and_shape(show):
    engine = Engine()
    page = show(engine)
    lost = dict(engine.stats()['consumers'][0], id=9, label='slow', lost=0, headroom=9, cursor=0, published=100)
    engine.more['consumers'] = [lost]
    page.wait_for_rates()
    engine.more['consumers'] = [{**lost, 'lost': 500}]
    page.wait_for_rates()
    tile = page.js("return [...document.querySelectorAll('.tile')].map((one) => one.innerText)")
    assert 'losing now' in tile[4] and '500 in all' in tile[4]
    assert 'nearly lapped' in tile[5] and 'slow in default' in tile[5]
    assert page.js("return document.querySelector('#readers-table .icon.warning') !== null")


def test_a_group_opens_its_details(show):
    engine = Engine(groups=3)
    page = show(engine)
    page.js("document.querySelector('#groups tbody .opens').click()")
    for _ in range(2):  # and they stay open
        detail = page.text('#groups .detail:not([hidden])')
        assert 'one queue: nothing to steer' in detail
        assert 'mcring-ctl why 239.1.0.1' in detail
        page.settle()


# ---- engines that go ----

def test_an_engine_that_ends_is_shown_and_so_is_its_return(show):
    engine = Engine()
    page = show(engine)
    engine.up, engine.error = False, 'connect: Connection refused'
    page.settle()
    assert page.text('#verdict-title') == 'No answer from the engine'
    assert page.text('.first') == 'connect: Connection refused'
    assert page.text('#live') == 'The engine is gone, what is below is its last answer'
    assert page.row('#ports', '0000:3b:00.0')
    engine.__init__(age=2)  # all counters are lower
    page.wait_for_rates(2)
    assert (page.text('#verdict-title'), page.text('#live')) == ('Healthy', 'Live')
    assert page.js('''
        const bad = [];
        for (const own of page.engines.values())
            for (const [key, one] of own.history.series)
                if (one.values.some((value) => value < 0))
                    bad.push(key);
        return bad;''') == []


def test_an_exporter_that_fails_is_shown_and_so_is_its_return(show, made_up):
    page = show(Engine())
    made_up.status = 503
    page.settle()
    assert page.text('#live').startswith('The exporter is gone: it answers 503, the last answer is')
    assert page.driver.title == 'mcring: the exporter is gone'
    made_up.status = 200
    wait_for(lambda: page.text('#live') == 'Live', 10, 'it goes on by itself')
    page.driver.get_log('browser')  # the browser says that of 503


def test_an_old_answer_is_shown_as_old(show):
    engine = Engine()
    answer = engine.answer
    engine.answer = lambda: {**answer(), 'age_ns': 12 * S}
    page = show(engine)
    assert page.text('#live') == "The engine's last answer is 12 s old"


def test_a_hidden_or_stopped_page_asks_nothing(show, made_up):
    page = show(Engine())
    first = page.driver.current_window_handle

    def is_quiet():
        """Nothing is asked for longer than a page that asks waits."""
        before = len(made_up.asked)
        page.driver.execute_async_script('setTimeout(arguments[0], 1200)')
        return len(made_up.asked) == before

    page.press('s')
    assert page.text('#live').startswith('Stopped')
    assert is_quiet()
    page.press('s')
    page.driver.switch_to.new_window('tab')
    try:
        assert is_quiet()
    finally:
        page.driver.close()
        page.driver.switch_to.window(first)
    before = len(made_up.asked)
    wait_for(lambda: len(made_up.asked) > before, 5, 'it goes on when it is seen again')
