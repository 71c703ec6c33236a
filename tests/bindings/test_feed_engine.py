# SPDX-License-Identifier: BSD-3-Clause
"""What a feed tells that no capture has: the engine's losses, its links, its declaration."""

import pytest

from engines import START_NS
from shown import shows
from test_feed import ALL_EVENTS

FEED = 'feed f; declaration seq=0:8:be; line A channel=md; join 239.1.1.1:5000'


def ns(ms):
    return START_NS + round(ms * 1e6)


def data(seq, flags=0):
    return f'data 0 0 {seq} 1 0 {flags} 8 {seq:016x}'


@pytest.fixture
def declared(conform, scripted):
    """An engine that declares the feed, which is opened."""
    engine = scripted()
    engine('interface feed-a 3')
    engine(f'feed {FEED}')
    conform.ok(f'feed open run_dir={engine.run_dir} start=oldest {ALL_EVENTS}')

    def put(seq, ms):
        engine(f'put 0 {ns(ms)} 0 1 {seq:016x}')

    engine.put = put
    return engine


@shows('MCR_FEED_GAP_HOST MCR_FEED_HOST_MAYBE MCR_FEED_WIRE')
@pytest.mark.parametrize('way', ['poll', 'take'])
def test_what_a_port_lost_meanwhile_is_told_of_the_gap_before(conform, declared, way):
    declared.put(1, 0)
    declared(f'host_lost 0 70 {ns(20)}')  # the first look says nothing of when they were lost
    declared(f'watermark 0 {ns(20)}')
    assert conform.await_items(2, f'feed {way} 9') == ['start 0 0 1', data(1)]
    declared.put(3, 21)
    gap = f'0 2 2 2 {{}} {{}} {ns(21)} {ns(21)}'
    assert conform.await_items(2, f'feed {way} 9') == ['gap ' + gap.format(1, 0), data(3, 6)]
    declared(f'host_lost 0 75 {ns(30)}')
    declared(f'watermark 0 {ns(200)}')
    assert conform.await_items(1, f'feed {way} 9') == ['gap_host ' + gap.format(2, 5)]


@shows('MCR_FEED_CHANGED')
@pytest.mark.parametrize('way', ['poll', 'take'])
@pytest.mark.parametrize('then', [f'feed {FEED.replace("line", "gap_timeout 2ms; line")}', 'feed'])
def test_a_declaration_that_changes_is_told_once_and_the_old_one_goes_on(conform, declared, way, then):
    declared.put(1, 0)
    assert conform.await_items(2, f'feed {way} 9') == ['start 0 0 1', data(1)]
    before = conform.ok('feed config')
    declared(then)
    assert conform.await_items(1, f'feed {way} 9') == ['changed']
    declared.put(2, 1)
    assert conform.await_items(1, f'feed {way} 9') == [data(2)]
    assert conform.ok('feed config') == before


@shows('MCR_FEED_DOWN_LINK')
@pytest.mark.parametrize('way', ['poll', 'take'])
def test_a_line_whose_link_is_down_is_down(conform, declared, way):
    declared.put(1, 0)
    assert conform.await_items(2, f'feed {way} 9') == ['start 0 0 1', data(1)]
    declared(f'link 0 3 0 {ns(1)}')
    assert conform.await_items(2, f'feed {way} 9') == ['line_down 0 4', 'silence']
    declared(f'link 0 3 16 {ns(2)}')
    declared.put(2, 3)
    assert conform.await_items(3, f'feed {way} 9') == ['line_up 0', 'silence_end', data(2)]
