# SPDX-License-Identifier: BSD-3-Clause
"""Each value of the public headers' enums, and each error that they document, is made by a scenario, which all
languages run: what is new there wants one, too. `shows` says which; that it came is looked at behind each scenario."""

import importlib

from shown import ENUMS, SCENARIOS, documented_errors

OWN = 'the binding gives the size or the buffer itself'
TYPED = 'the languages have no other value'
MEMORY = 'no test can take memory away from all languages'
EXCEPT = {
    'mcr_consumer_interface_info EINVAL': OWN,
    'mcr_consumer_ring_info EINVAL': OWN,
    'mcr_feed_key_info EINVAL': OWN,
    'mcr_feed_line_info EINVAL': OWN,
    'mcr_feed_stats_info EINVAL': OWN,
    'mcr_consumer_take EINVAL': OWN,
    'mcr_feed_take EINVAL': OWN,
    'mcr_consumer_seek EINVAL': TYPED,
    'mcr_consumer_open ENOMEM': MEMORY,
    'mcr_consumer_cursor ENOMEM': MEMORY,
    'mcr_consumer_select ENOMEM': MEMORY,
    'mcr_consumer_hold ENOMEM': MEMORY,
    'mcr_feed_open ENOMEM': MEMORY,
    'mcr_consumer_seek EPROTO': 'a writer that never stands still, which is a matter of who is faster',
    'mcr_consumer_cursor EPROTO': 'likewise',
    'mcr_consumer_hold EPIPE': 'a view is of something that is mapped',
    'mcr_consumer_wait EINTR': 'what a signal does is each language\'s own, and so are its tests',
    'mcr_feed_wait EINTR': 'likewise',
}


def shown():
    modules = [importlib.import_module(name[:-3]) for name in SCENARIOS]
    tests = [one for module in modules for name, one in vars(module).items() if name.startswith('test_')]
    return {name for test in tests for mark in getattr(test, 'pytestmark', ()) if mark.name == 'shows'
            for name in mark.args}


def test_each_value_and_each_error_is_made_by_a_scenario():
    wanted = {name for values in ENUMS.values() for name in values} | documented_errors()
    assert wanted - shown() == set(EXCEPT), 'no scenario shows it, or one shows what is excepted'
    assert shown() <= wanted, 'no header has it'
