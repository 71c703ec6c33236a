# SPDX-License-Identifier: BSD-3-Clause
"""accept-nic as a whole: asks, goes through the phases, writes the table, leaves nothing behind."""

import sys
import time

from . import host, judge, phases, process, report
from .options import HELP, UsageError, consent, parse, plan
from .process import Failure, Interrupted
from .site import Site

CHECKED, FAILED, NOT_TRIED, INTERRUPTED = 0, 1, 2, 3


def show(rows, new):
    for row in new:
        rows.append(row)
        print(f"{row.verdict:10} {row.what}: {row.value}{' - ' if row.why else ''}{row.why}", flush=True)


def run_phase(site, name, rows):
    """A phase that ends early leaves the rows that it has, and one that says why."""
    try:
        with process.limit(site.effort.limits[name]):
            for row in getattr(phases, name)(site):
                show(rows, [row])
    except Failure as reason:
        show(rows, [judge.broken_off(name, str(reason), site.has_died())])
        site.stop_daemon()


def igmp(site):
    querier, version = site.querier or (None, None)
    heard_s = time.monotonic() - site.heard_from if site.heard_from else 0
    return judge.igmp(querier, version, heard_s, site.followed)


def go_through(site, rows):
    for name in site.options.phases:
        print(f'-- {name}, at most {site.effort.limits[name]} s', flush=True)
        run_phase(site, name, rows)
        if name == 'receive' and not any(row.verdict == judge.PASS for row in rows):
            return  # nothing else could be proven
    show(rows, [igmp(site)])


def environment(site):
    return {**host.versions(site), 'mcring-gen of the sender': host.said_by(*site.sender.version),
            **(host.nic(site.port, site.port_info) if site.port_info else {}),
            'firmware (DPDK)': site.firmware, **host.machine()}


def now():
    return time.strftime('%Y-%m-%d %H:%M:%S %z')


def try_all(options):
    """Gives the exit status."""
    site, rows = Site(options), []
    result = {'accept_nic': 1, 'begun': now(), 'quick': options.quick, 'interrupted': None,
              'plan': plan(options)}
    try:
        go_through(site, rows)
    except Interrupted as signal:
        result['interrupted'] = str(signal)
    finally:
        site.close()
    result.update(ended=now(), sent=site.sender.sent, environment=environment(site))
    report.write(options.output, result, rows)
    print(f'\n{report.count(rows)}: {options.output}/accept-nic.md')
    if result['interrupted']:
        return INTERRUPTED
    verdicts = {row.verdict for row in rows}
    return FAILED if judge.FAIL in verdicts else CHECKED if judge.PASS in verdicts else NOT_TRIED


def main(argv):
    try:
        options = parse(argv)
        if options.help:
            print(HELP, end='')
            return 0
        if options.version:
            print(f"accept-nic {(host.said_by(Site.program('mcring-gen'), '--version') or '').split()[-1]}")
            return 0
        consent(options)
        process.end_on_signals()
        return try_all(options)
    except (UsageError, Failure, OSError) as error:
        print(f'accept-nic: {error}', file=sys.stderr)
        return NOT_TRIED
    except Interrupted:
        return INTERRUPTED
