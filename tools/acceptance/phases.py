# SPDX-License-Identifier: BSD-3-Clause
"""What is measured. A phase takes the site and gives rows; what it cannot do it raises as Failure."""

import math
import time

from . import judge
from .process import Failure, TimeUp, stopped
from .receiver import Testpmd

HEADERS = 46  # octets of Ethernet, IPv4, UDP and FCS around a payload
QUERIER_FORGETS_S = 260  # RFC 9776 §8.4, at its defaults
OTHERS_S = 2  # a frame of a switch's own protocols comes no more often


def frames_of_others(seconds, rate=0):
    """How many there may be in a time in which more than what is sent can be lost. rate: as was seen."""
    return math.ceil((1 / OTHERS_S + 2 * rate) * seconds) + 1


def number_of(message):
    """What mcring-gen wrote into the payload: from 1 on, in each group."""
    return int(message['data'][:16], 16)


def is_whole(message):
    """The pattern behind number and time."""
    data = bytes.fromhex(message['data'])
    return data[16:] == bytes(i & 0xff for i in range(16, len(data)))


def receive(site):
    """Data arrives at all; each message once, whole, in order."""
    effort, groups = site.effort, site.groups
    daemon = site.daemon()
    site.open_path(daemon)
    reader = daemon.reader()
    before = daemon.count()
    sent = site.sender.send([groups.joined], effort.read_rate, count=effort.read_count)['sent']
    count = daemon.settled() - before
    messages, _, lost = reader.finish()
    yield judge.arrival(f'{groups.JOINED} groups arrive', sent, count)
    yield judge.integrity(sent, [(one['group'], number_of(one), is_whole(one)) for one in messages],
                          lost)


def flood(site, daemon, groups):
    """Sends to groups of which some are foreign; gives what was sent to joined and to foreign ones,
    and what it did to the counters."""
    effort = site.effort
    n = (len(groups) - 1) * site.groups.JOINED + site.groups.FOREIGN
    before = daemon.count()
    account = site.sender.send(groups, effort.foreign_rate, count=n * effort.foreign_rounds)
    count = daemon.settled() - before
    joined = sum(flow['sent'] for flow in account['flows'][:(len(groups) - 1) * site.groups.JOINED])
    return joined, account['sent'] - joined, count


def rung(site, daemon, when):
    """One rung, as the daemon is now: the joined groups arrive while foreign ones flood the port, and
    what its filter lets in of these."""
    groups = site.groups
    rungs, reason = daemon.rungs()
    names = ', '.join(f'{name} ({n} groups)' for name, n in rungs.items())
    joined, _, count = flood(site, daemon, [groups.joined, groups.foreign])
    row = judge.arrival(f'rung {names} {when}: joined groups arrive beside a flood', joined, count)
    yield row._replace(why='; '.join(filter(None, [row.why, reason])))
    _, sent, count = flood(site, daemon, [groups.foreign])
    filter_rung, seen = daemon.port()['rung'], None
    with daemon.open_filter() as opened:
        if opened:
            seen = flood(site, daemon, [groups.foreign])[2]['unknown']
    yield judge.leak(when, filter_rung, sent, count['unknown'], seen)


def rungs(site):
    """As many groups as a list holds, more than that, and flow rules."""
    effort = site.effort
    daemon = site.daemon()
    first = daemon.rungs()[0]
    yield from rung(site, daemon, 'with few groups')
    many = site.groups.many(effort.many)
    daemon.order('join', joins=[many])
    try:
        if daemon.rungs()[0].keys() != first.keys():
            yield from rung(site, daemon, f'with {effort.many} groups')
        else:
            yield from list(rung(site, daemon, f'with {effort.many} groups'))[:1]
    finally:
        daemon.order('leave', joins=[many])
    other = 'queues=1' if daemon.port()['queues'] > 1 else 'queues=2' # flow rules want several
    try:
        daemon = site.daemon(keys=other)
    except Failure as reason:
        yield judge.unproven(f'rung with {other}', str(reason))
        return
    if daemon.port()['queues'] == int(other[-1]):
        yield from rung(site, daemon, f'with {other}')
    else:
        yield judge.unproven(f'rung with {other}', 'the device has others')


def missed(site):
    """mcring stands still while more is sent than its queues hold."""
    effort = site.effort
    daemon = site.daemon()
    before = daemon.count()
    start = time.monotonic()
    time.sleep(effort.idle_s)
    quiet = daemon.settled()
    rate = (quiet - before)['received'] / (time.monotonic() - start)
    start = time.monotonic()
    with stopped(daemon.process, 90):
        sent = site.sender.send([site.groups.joined], effort.pause_rate, duration=effort.pause_s)
    count = daemon.settled() - quiet
    seconds = time.monotonic() - start
    yield judge.missed('what a full queue loses is counted as missed', sent['sent'], count,
                       frames_of_others(seconds, rate))
    if sent['nic']['errors']:
        yield judge.unproven('the sender', f"its driver counts {sent['nic']['errors']} errors")


def hw_time(site):
    """The times of the NIC, or of a switch."""
    effort = site.effort
    daemon = site.daemon(keys=f'hw-time={site.options.hw_time}')
    lack = next((line for line in daemon.log().splitlines() if 'hw_ns' in line or 'hw-time' in line), '')
    reader = daemon.reader()
    site.sender.send([site.groups.joined], effort.stamp_rate, count=effort.stamp_count)
    daemon.settled()
    messages = reader.finish()[0]
    if not messages:
        raise Failure('no message arrived')
    yield from judge.stamps([(one['group'], one['rx_ns'], one['hw_ns']) for one in messages],
                            lack.removeprefix('mcring: '))


def leave(site):
    """How long a switch takes to stop what nobody wants, and to send what somebody wants."""
    effort = site.effort
    daemon = site.daemon()
    single = site.groups.single
    group = single.partition('/')[0]
    daemon.order('join', joins=[single])
    sending = site.sender.start([single], 1000, duration=2 * effort.leave_s + effort.leave_quiet_s + 5)
    try:
        await_group(site, daemon, group, 30 + site.settle)
        with daemon.open_filter() as opened:  # else nobody sees what still comes
            if not opened and daemon.port()['rung'] not in judge.OPEN_RUNGS:
                raise Failure('the filter cannot be opened to see what comes after a leave')
            left = time.time_ns()
            daemon.order('leave', joins=[single])
            last = last_came(daemon, group, left, effort)
        stopped_s = None if last is None else (last - left) / 1e9
        yield judge.leave(stopped_s, effort.leave_s)
        daemon.order('join', joins=[single])
        try:
            one = await_group(site, daemon, group, effort.leave_s)
            first_s = (one['first_ns'] - one['joined_ns']) / 1e9
        except Failure:
            first_s = None
        site.followed = stopped_s is not None and first_s is not None
        yield judge.rejoin(first_s, stopped_s is not None)
    finally:
        sending.stop()
        daemon.ask('leave', joins=[single])


def await_group(site, daemon, group, seconds):
    """Waits for its first datagram; gives what is known of the group."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        one = next((one for one in daemon.order('groups')['groups'] if one['group'] == group), None)
        if one and one['packets']:
            return one
        time.sleep(0.01)
    raise Failure(f'no datagram of {group} came within {seconds:.0f} s of the join')


def last_came(daemon, group, since_ns, effort):
    """When a frame of a group that was left came last; None: they do not end."""
    last, seen = since_ns, time.monotonic()
    end = seen + effort.leave_s + effort.leave_quiet_s
    while time.monotonic() < end:
        sample = daemon.stats()['drop_samples'].get('unknown_group')
        if sample and sample['group'] == group and sample['time_ns'] > last:
            last, seen = sample['time_ns'], time.monotonic()
        if time.monotonic() - seen > effort.leave_quiet_s:
            return last
        time.sleep(0.01)
    return None


def restart(site):
    """A reader goes on with the next daemon; what it lacks is what nobody received."""
    effort = site.effort
    daemon = site.daemon(keep=True)
    site.open_path(daemon)
    reader = daemon.reader('--reattach')
    first = site.groups.joined.partition('/')[0] + '/32:5000'
    before = daemon.count()['delivered']
    sending = site.sender.start([first], effort.restart_rate, duration=effort.restart_s)
    try:
        end = time.monotonic() + 30 + site.settle
        while daemon.count()['delivered'] < before + effort.restart_rate / 10:
            if time.monotonic() > end:
                raise Failure('no data came')
            time.sleep(0.02)
        ready_s = daemon.restart()
        sent = sending.wait(effort.restart_s)['sent']
    finally:
        sending.stop()
    daemon.settled()
    messages, events, _ = reader.finish()
    yield judge.restart(sent, effort.restart_rate, [number_of(one) for one in messages], events, ready_s)


def lossless(site):
    """The highest rate without loss, of mcring and of dpdk-testpmd in turn, and what the port says of
    all that was lost on the way to it."""
    effort, lost = site.effort, judge.NOTHING
    sent, seconds = 0, 0
    for size in effort.sizes:
        daemon = site.daemon(keep=True)
        site.open_path(daemon)
        before = daemon.count()
        ours = site.sender.search([site.groups.joined], size - HEADERS,
                                  lambda _: daemon.count()['delivered'], effort)
        lost = judge.add(lost, daemon.settled() - before)
        sent += sum(trial['sent'] for trial in ours['trials'])
        seconds += sum(trial['elapsed_ns'] for trial in ours['trials']) / 1e9
        site.rate = min(ours['rate'], site.rate or ours['rate'])
        yield judge.lossless(size, ours, *testpmd(site, size, daemon.port()))
    yield judge.missed('what is lost at full rate is counted as missed', sent, lost,
                       frames_of_others(seconds))
    site.daemon()  # in place of the one that left no group


def testpmd(site, size, port):
    """Its search, or None and why there is none. The switch goes on sending to it what mcring has
    reported just before, for as long as it would without another report."""
    site.running.restart()
    time.sleep(site.effort.settled_s)
    site.stop_daemon(leaving=False)
    program = None
    try:
        program = Testpmd(site, port['queues'], len(port['lcores']))
        site.firmware = program.firmware
        time.sleep(site.settle)
        return site.sender.search([site.groups.joined], size - HEADERS, AmongOthers(program.received),
                                  site.effort), ''
    except TimeUp:
        raise
    except Failure as reason:
        return None, str(reason)
    finally:
        if program:
            program.stop()


class AmongOthers:
    """A count for the search out of one that has frames of others too: never more than was sent."""

    def __init__(self, received):
        self.received, self.before, self.told = received, received(), 0

    def __call__(self, sent):
        now = self.received()
        if not sent:  # a trial begins
            self.before = now
            self.base = self.told
        self.told = self.base + min(sent, now - self.before)
        return self.told


def soak(site):
    """Half of the rate that loses nothing, for long enough that a switch would have forgotten us."""
    effort = site.effort
    daemon = site.daemon()
    site.open_path(daemon)
    rate = site.rate // 2 if site.rate else 10_000
    before, start = daemon.count(), time.monotonic()
    sent = site.sender.send([site.groups.joined], rate, duration=effort.soak_s)['sent']
    seconds = time.monotonic() - start
    count = daemon.settled() - before
    yield judge.arrival(f'{rate}/s for {effort.soak_s:g} s lose nothing', sent, count)
    yield judge.outlives(seconds, QUERIER_FORGETS_S, count, site.querier)
