# SPDX-License-Identifier: BSD-3-Clause
"""What the measurements prove. Nothing here measures: numbers in, rows of the table out."""

import typing

PASS, FAIL, UNPROVEN = 'PASS', 'FAIL', 'NOT PROVEN'

HASH_SHARE = 0.1       # of foreign groups; a list that is a hash of addresses lets in fewer
PEER_SHARE = 0.9       # of what dpdk-testpmd takes without loss
CLOCK_NS = 1_000_000   # from the NIC's stamp to the poll, at a low rate
NOTHING = dict.fromkeys(('delivered', 'received', 'unknown', 'missed', 'nombuf', 'errors'), 0)
OPEN_RUNGS = 'all-multicast', 'promiscuous', 'none'


class Row(typing.NamedTuple):
    what: str
    value: str
    verdict: str
    why: str = ''
    data: dict = {}


def add(count, more):
    return {name: value + more[name] for name, value in count.items()}


def unproven(what, why):
    return Row(what, '-', UNPROVEN, why)


def broken_off(phase, why, died):
    """A phase that did not come to its end. died: mcring ended by itself."""
    return Row(f'phase {phase}', '-', FAIL, f'mcring ended by itself: {why}') if died else \
        unproven(f'phase {phase}', why)


def lost_text(count):
    return (f"the port counts missed {count['missed']}, no buffer {count['nombuf']}, "
            f"errors {count['errors']}")


def arrival(what, sent, count):
    """All that was sent to joined groups is delivered."""
    lost = sent - count['delivered']
    value = f"{count['delivered']} of {sent}"
    data = {'sent': sent, **count}
    if lost < 0:
        return Row(what, value, FAIL, 'more arrived than was sent: does somebody else send to these '
                   'groups?', data)
    if lost:
        return Row(what, value, FAIL, f'{lost} lost; {lost_text(count)}', data)
    return Row(what, value, PASS, '', data)


def integrity(sent, messages, lost):
    """Each message once, whole, and in its group's order. messages: (group, number, whole)."""
    what = 'messages are whole, each once, in the order of their group'
    numbers, damaged = {}, 0
    for group, number, whole in messages:
        numbers.setdefault(group, []).append(number)
        damaged += not whole
    disordered = sum(a >= b for one in numbers.values() for a, b in zip(one, one[1:]))
    data = {'sent': sent, 'read': len(messages), 'damaged': damaged, 'disordered': disordered,
            'lost': lost}
    value = f'{len(messages)} read'
    if damaged or disordered:
        return Row(what, value, FAIL, f'{damaged} damaged, {disordered} repeated or out of order',
                   data)
    if len(messages) != sent:
        return Row(what, value, FAIL, f'{sent} were sent; the reader was lapped by {lost}', data)
    return Row(what, value, PASS, '', data)


def leak(when, rung, sent, leaked, seen):
    """Foreign frames, to groups that nobody joined. leaked: those that came in; seen: those that came
    when the filter was open, None if it lets all in anyway."""
    what = f'filter {rung} {when}: what is not joined stays out'
    value = f'{leaked} of {sent} came in'
    data = {'rung': rung, 'sent': sent, 'leaked': leaked, 'seen_when_open': seen}
    if not (leaked if seen is None else max(seen, leaked)):
        return Row(what, value, UNPROVEN, 'none reached the NIC, whatever its filter: a switch keeps them '
                   'away. Connect the sender directly, or switch snooping off in this VLAN', data)
    if rung in OPEN_RUNGS:
        return Row(what, value, PASS, 'it lets all in, as it says; software drops them', data)
    if seen is None:
        return Row(what, value, UNPROVEN, 'the filter could not be opened to compare', data)
    value += f', {seen} with the filter open'
    if not leaked:
        return Row(what, value, PASS, '', data)
    if leaked <= HASH_SHARE * max(seen, leaked):
        return Row(what, value, PASS, 'as few as a list that is a hash of addresses lets in', data)
    return Row(what, value, FAIL, 'the driver took the addresses, and the NIC lets in others', data)


def missed(what, sent, count, others):
    """The port's counters against the sender's. others: frames of others that may be among them."""
    lost = sent - count['delivered']
    told = count['missed'] + count['nombuf'] + count['errors']
    value = f'{lost} lost, {told} counted'
    data = {'sent': sent, 'lost': lost, 'told': told, 'others': others, **count}
    if lost < 0:
        return Row(what, value, UNPROVEN, 'more arrived than was sent: does somebody else send to these '
                   'groups?', data)
    if told < lost:
        return Row(what, value, FAIL, f'{lost - told} are lost and nobody says so; {lost_text(count)}',
                   data)
    if told > lost + others:
        return Row(what, value, FAIL, f'{told - lost} more than were lost; {lost_text(count)}', data)
    if not lost:
        return Row(what, value, UNPROVEN, 'nothing was lost: does the receiver hold up the sender (flow '
                   'control)?', data)
    return Row(what, value, PASS, lost_text(count), data)


def stamps(messages, lack):
    """The NIC's or the switch's times. messages: (group, rx_ns, hw_ns); lack: why there are none."""
    what = 'hw_time: each message has one'
    having = [one for one in messages if one[2]]
    value = f'{len(having)} of {len(messages)}'
    if not having:
        return [Row(what, value, UNPROVEN, lack or 'the log does not say why', {})]
    verdict, why = (PASS, '') if len(having) == len(messages) else (FAIL, lack)
    last, back = {}, 0
    for group, _, hw_ns in having:
        back += hw_ns < last.get(group, 0)
        last[group] = hw_ns
    late = sorted(rx_ns - hw_ns for _, rx_ns, hw_ns in having)
    p50 = late[len(late) // 2]
    by_clock = f'{late[0]} .. {p50} .. {late[-1]} ns (least, median, most)'
    data = {'least_ns': late[0], 'p50_ns': p50, 'p99_ns': late[len(late) * 99 // 100],
            'most_ns': late[-1]}
    in_time = 0 <= late[0] and p50 <= CLOCK_NS
    return [Row(what, value, verdict, why, {}),
            Row('hw_time: never back within a group', f'{back} times', FAIL if back else PASS, '',
                {'back': back}),
            Row('hw_time: rx_ns - hw_ns', by_clock, PASS if in_time else UNPROVEN, '' if in_time else
                'nothing keeps its clock at this host\'s (docs/nics.md, Times)', data)]


def lossless(size, ours, peer, lack):
    """ours, peer: what the searches found; peer None: lack says why."""
    what = f'rate without loss, frames of {size} octets (RFC 2544 §26.1)'
    value = f"{ours['rate']}/s" + (f"; testpmd {peer['rate']}/s" if peer else '')
    data = {'size': size, 'mcring': ours, 'testpmd': peer}
    if not ours['rate']:
        return Row(what, value, FAIL, 'every rate loses', data)
    if not ours['confirmed']:
        return Row(what, value, FAIL, 'it did not hold in the confirming trial', data)
    if ours['highest_asked'] and peer and peer['rate'] * PEER_SHARE > ours['rate']:
        return Row(what, value, UNPROVEN, 'mcring lost nothing of all that came; the sender was faster to '
                   'testpmd: does the receiver hold it up?', data)
    if ours['highest_asked']:
        return Row(what, value, PASS, 'all that the sender can or may: no limit of the receiver', data)
    if not peer:
        return Row(what, value, UNPROVEN, f'nothing to compare with: {lack}', data)
    share = ours['rate'] / peer['rate'] if peer['rate'] else 1
    return Row(what, value, PASS if share >= PEER_SHARE else FAIL,
               f"{share:.0%} of testpmd's" + (', which was all that the sender can'
                                              if peer['highest_asked'] else ''), data)


def restart(sent, rate, numbers, events, ready_s):
    """numbers: those that a reader got that goes on with the next daemon."""
    what = 'a restart with --keep-memberships: for how long nothing is received'
    missing = sent - len(set(numbers))
    value = f'{missing / rate:.3f} s ({missing} of {sent} at {rate}/s)'
    holes = [b - a - 1 for a, b in zip(numbers, numbers[1:]) if b > a + 1]
    data = {'sent': sent, 'rate': rate, 'missing': missing, 'holes': holes, 'end_to_ready_s': ready_s,
            'events': events}
    if not numbers or numbers[-1] != sent:
        return Row(what, value, FAIL, 'what was sent last did not come', data)
    if missing and not any(one['event'] == 'restart' for one in events):
        return Row(what, value, FAIL, 'the reader was not told', data)
    return Row(what, value, PASS, f'from the signal until it was ready again: {ready_s:.2f} s', data)


def leave(stopped_s, watched_s):
    """stopped_s: from the leave to the last frame that still came; None: they went on."""
    what = 'after a leave the switch stops sending'
    data = {'stopped_s': stopped_s, 'watched_s': watched_s}
    if stopped_s is None:
        return Row(what, f'not within {watched_s:.0f} s', UNPROVEN, 'no switch prunes here: it has no '
                   'snooping or no querier, or the cable is direct', data)
    return Row(what, f'{stopped_s:.3f} s', PASS, '', data)


def rejoin(first_s, stopped):
    what = 'after a join the first datagram comes'
    if first_s is None:
        return Row(what, 'never', FAIL, 'the switch did not take the report', {})
    return Row(what, f'{first_s:.3f} s', PASS if stopped else UNPROVEN, '' if stopped else
               'no switch had stopped it', {'first_s': first_s})


def igmp(querier, version, heard_s, followed):
    """followed: the switch has acted on a leave and a join."""
    what = "the switch's querier, and what it hears of us"
    if not querier:
        return Row(what, 'none heard', UNPROVEN, f'no query in {heard_s:.0f} s: without one a snooping '
                   'switch forgets members, or floods', {'heard_s': heard_s})
    return Row(what, f'{querier}, version {version}', PASS if followed else UNPROVEN,
               'it acted on a leave and a join' if followed else
               'its queries come, but nothing shows that it took our reports',
               {'querier': querier, 'version': version})


def outlives(seconds, interval_s, count, querier):
    what = 'memberships outlive the timer of the switch'
    value = f'{seconds:.0f} s'
    if seconds < interval_s or not querier:
        return Row(what, value, UNPROVEN, 'no querier was heard' if not querier else
                   f'it takes {interval_s} s', {})
    return Row(what, value, PASS if count['delivered'] else FAIL, '', {})
