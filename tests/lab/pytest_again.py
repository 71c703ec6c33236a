#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""pytest, to which a test that was skipped because a download failed counts as failed for --last-failed, and is
named in the summary: AGAIN TEST - REASON."""

import sys

import pytest


class Again:
    def __init__(self):
        self.tests = {}

    def pytest_runtest_logreport(self, report):
        if report.skipped and 'apt-get download' in str(report.longrepr):
            self.tests[report.nodeid] = report.longrepr[2].removeprefix('Skipped: ')

    def pytest_terminal_summary(self, terminalreporter):
        for test, reason in self.tests.items():
            terminalreporter.write_line(f'AGAIN {terminalreporter.config.cwd_relative_nodeid(test)} - {reason}')

    @pytest.hookimpl(trylast=True)  # after what failed was noted
    def pytest_sessionfinish(self, session):
        cache = session.config.cache
        cache.set('cache/lastfailed', {**cache.get('cache/lastfailed', {}), **dict.fromkeys(self.tests, True)})


if __name__ == '__main__':
    sys.exit(pytest.main(sys.argv[1:], [Again()]))
