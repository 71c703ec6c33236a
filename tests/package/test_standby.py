# SPDX-License-Identifier: BSD-3-Clause
"""Two units of one configuration, as docs/operating.md has them: one receives, the other stands by."""

import os
import re

from debian import ROOT
from netlab import wait_for
from programs import mcsend

UNITS = 'feed', 'feed-standby'
COUNT = 50


def drop_in():
    with open(os.path.join(ROOT, 'docs', 'operating.md')) as page:
        blocks = re.findall(r'(?m)^    \[Service\]\n(?:    .*\n)+', page.read())
    block, = [one for one in blocks if '--standby' in one]
    return re.sub(r'(?m)^    ', '', block)


def folder(unit):
    return f'/etc/systemd/system/mcring@{unit}.service.d'


def test_one_unit_stands_by_for_the_other_and_goes_on_when_that_is_restarted_or_dies(feed):
    machine = feed.machine

    def status(unit):
        return machine.shown(f'mcring@{unit}', 'StatusText')['StatusText']

    def receives(unit):
        other, = [one for one in UNITS if one != unit]
        wait_for(lambda: status(other).startswith('stands by for the end of process') and
                 status(unit).startswith('1 group, 1 port'), 20, f'{unit} receives, {other} stands by')
        before = feed.stats()['delivered']
        mcsend(feed.sender, '239.1.1.1:5000', count=COUNT)
        wait_for(lambda: feed.stats()['delivered'] == before + COUNT, 10, 'data arrives')

    try:
        for unit in UNITS:
            machine.sh(f"mkdir -p {folder(unit)}\ncat >{folder(unit)}/standby.conf <<'END'\n{drop_in()}END")
        machine.sh('systemctl daemon-reload\nsystemctl restart mcring@feed\nsystemctl start mcring@feed-standby')
        receives('feed')
        machine.sh('systemctl restart mcring@feed-standby')
        receives('feed')
        machine.sh('systemctl restart mcring@feed')
        receives('feed-standby')
        machine.sh('systemctl kill -s KILL mcring@feed-standby')
        receives('feed')
    finally:
        machine.sh(f'systemctl stop mcring@feed-standby\nrm -r {folder("feed-standby")} {folder("feed")}/standby.conf\n'
                   f'rmdir {folder("feed")} 2>/dev/null || true\nsystemctl daemon-reload\nsystemctl restart mcring@feed')
