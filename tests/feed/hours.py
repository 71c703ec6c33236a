#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Trading hours, compared with Python's zoneinfo: hours.py DRIVER. At random times, around changes of summer time, and
at each next change that the driver names, in zones of all kinds, up to the year 2100."""
import os
import random
import struct
import subprocess
import sys
import zoneinfo
from datetime import datetime

ZONES = ['America/New_York', 'Europe/London', 'Europe/Dublin', 'Asia/Tokyo', 'Australia/Lord_Howe', 'America/Sao_Paulo',
         'Africa/Casablanca', 'Asia/Kathmandu', 'Pacific/Apia', 'America/St_Johns', 'Asia/Gaza', 'Asia/Tehran',
         'Antarctica/Troll', 'America/Chicago', 'Pacific/Chatham', 'Etc/GMT+5', 'UTC']
HOURS = {
    'mon-fri 09:30-16:00': [((0, 1, 2, 3, 4), 570, 960)],
    'sun-thu 17:00-16:00': [((6, 0, 1, 2, 3), 1020, 2400)],
    'mon-fri 09:00-11:30 12:30-15:00, sat 00:00-24:00': [((0, 1, 2, 3, 4), 540, 690), ((0, 1, 2, 3, 4), 750, 900),
                                                        ((5,), 0, 1440)],
    'daily 01:15-02:45': [(range(7), 75, 165)],
    'fri-mon 23:00-02:30': [((4, 5, 6, 0), 1380, 1590)],
    'daily 00:00-24:00': [(range(7), 0, 1440)],
}
SLIM = ['America/New_York', 'America/Chicago', 'America/St_Johns', 'Europe/London', 'Europe/Dublin', 'Pacific/Chatham',
        'Australia/Lord_Howe']
YEAR = 365 * 86400


def minutes_of(spans):
    return {(day * 1440 + minute) % 10080 for days, begin, end in spans for day in days for minute in range(begin, end)}


def is_open(minutes, zone, t):
    local = datetime.fromtimestamp(t, zone)
    return (local.weekday() * 1440 + local.hour * 60 + local.minute) in minutes


def changes_of(name, rng):
    """When the zone's clock changes, found by bisection."""
    zone, found = zoneinfo.ZoneInfo(name), []
    offset = lambda t: datetime.fromtimestamp(t, zone).utcoffset()
    for t in range(0, 130 * YEAR, 30 * 86400):
        low, high = t, t + 30 * 86400
        if offset(low) == offset(high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
        found.append(high)
    return rng.sample(found, min(len(found), 20)) + found[-2:]


def slim(data):
    """A file of which the changes after May 2014 are left to the rule at its end, as many hosts have it."""
    def counts(at):
        return struct.unpack('>6I', data[at + 20:at + 44])

    isut, isstd, leap, time, kind, chars = counts(0)
    second = 44 + time * 5 + kind * 6 + chars + leap * 8 + isstd + isut
    isut, isstd, leap, time, kind, chars = counts(second)
    body = second + 44
    times = struct.unpack(f'>{time}q', data[body:body + 8 * time])
    keep = sum(t < 1400000000 for t in times)
    head = data[:20] + struct.pack('>6I', 0, 0, 0, 0, 1, 1)
    return (head + bytes(6) + b'\0' + data[second:second + 20]
            + struct.pack('>6I', isut, isstd, leap, keep, kind, chars) + data[body:body + 8 * keep]
            + data[body + 8 * time:body + 8 * time + keep] + data[body + 9 * time:])


def compare(driver, env, rng, zone_of):
    asked, expected, lines = 0, [], []
    for name in ZONES:
        zone, around = zone_of(name), changes_of(name, rng)
        for text, spans in HOURS.items():
            minutes = minutes_of(spans)
            times = [rng.randrange(130 * YEAR) for _ in range(30)]
            times += [change + rng.randrange(-90000, 90000) for change in around]
            times += [change + delta for change in around for delta in (-1, 0)]
            lines += [f'zone {name}', f'hours {text}'] + [f'at {t}' for t in times if t >= 0]
            expected += [(name, text, zone, minutes, t) for t in times if t >= 0]
    out = subprocess.run([driver], input='\n'.join(lines) + '\n', capture_output=True, text=True, env=env, check=True)
    answers = out.stdout.splitlines()
    assert len(answers) == len(expected), out.stderr
    for answer, (name, text, zone, minutes, t) in zip(answers, expected):
        now, change = answer.split()
        state = is_open(minutes, zone, t)
        assert int(now) == state, f'{name}, {text}, {t}: open is {now}, not {int(state)}'
        if change == 'never':
            assert len(minutes) == 10080, f'{name}, {text}, {t}: it never changes'
            continue
        change = int(change)
        assert t < change <= t + 8 * 86400, f'{name}, {text}, {t}: next change at {change}'
        assert is_open(minutes, zone, change) != state, f'{name}, {text}, {t}: no change at {change}'
        for between in [change - 1] + [rng.randrange(t, change) for _ in range(3)]:
            assert is_open(minutes, zone, between) == state, f'{name}, {text}, {t}: a change at {between}, before {change}'
        asked += 1
    return asked


def main():
    seed = int(os.environ.get('SEED', '0')) or random.randrange(1, 1 << 32)
    print(f'SEED={seed}')
    rng, driver, asked = random.Random(seed), sys.argv[1], 0
    root = os.path.join(os.path.dirname(driver), 'zoneinfo')
    for name in ZONES:
        with open(os.path.join('/usr/share/zoneinfo', name), 'rb') as file:
            data = file.read()
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            file.write(slim(data) if name in SLIM else data)
    for tzdir in (None, root):
        env = dict(os.environ, **({'TZDIR': tzdir} if tzdir else {}))
        asked += compare(driver, env, rng, zoneinfo.ZoneInfo)
    print(f'{asked} times in {len(ZONES)} zones are the same')


main()
