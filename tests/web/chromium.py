# SPDX-License-Identifier: BSD-3-Clause
"""The exporter's page in Debian's Chromium, without a display."""

import ctypes
import os
import shutil
import subprocess
import tempfile

import pytest

from made_up import MadeUp
from netlab import wait_for
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

CHROMIUM, CHROMEDRIVER = '/usr/bin/chromium', '/usr/bin/chromedriver'
FLAGS = ('--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking '
         '--disable-component-update --disable-sync --disable-dev-shm-usage --lang=en').split()
CLONE_NEWNET = 0x40000000
WIDE, NARROW = (1400, 1000), (320, 800)
_libc = ctypes.CDLL(None, use_errno=True)


class Inside:
    """A network namespace, for this thread and what it starts within `with`."""

    def __init__(self, path):
        self.outside, self.inside = open('/proc/thread-self/ns/net'), open(path)

    def __enter__(self):
        _libc.setns(self.inside.fileno(), CLONE_NEWNET)

    def __exit__(self, *error):
        _libc.setns(self.outside.fileno(), CLONE_NEWNET)


class Alone(Inside):
    """One with nothing but lo: so they cannot reach anything, and nobody else has their ports."""

    def __init__(self):
        outside = open('/proc/thread-self/ns/net')
        if _libc.unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), 'unshare')
        subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
        super().__init__('/proc/thread-self/ns/net')
        self.outside = outside
        self.__exit__()


class Browser:
    """A Chromium with one window. All that the page says to the user is read from the document."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix='mcrtest_chromium_', dir='/tmp')
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in (*FLAGS, f'--user-data-dir={self.profile}', '--window-size=1400,1000'):
            options.add_argument(flag)
        options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
        # Neither its state nor its cache goes to the user's home.
        env = dict(os.environ, HOME=self.profile, XDG_CONFIG_HOME=self.profile, XDG_CACHE_HOME=self.profile)
        try:
            self.driver = webdriver.Chrome(service=Service(CHROMEDRIVER, env=env), options=options)
        except BaseException:
            self.remove()
            raise

    def remove(self):
        shutil.rmtree(self.profile, ignore_errors=True)

    def close(self):
        self.driver.quit()
        self.remove()

    def open(self, url):
        """Shows the page with its first answer."""
        self.driver.get_log('browser')  # forgets what was before
        self.driver.get(url)
        self.settle()
        assert self.js('return page.engines.size > 0'), self.text('#live')
        # Chromium drops what is typed before it has painted.
        self.js("addEventListener('keyup', () => window.typed = true, {once: true})")
        wait_for(self.takes_keys, 10, 'it takes keys')

    def takes_keys(self):
        self.press(Keys.SHIFT)
        return self.js('return window.typed')

    def wait_for_rates(self, more=1):
        """Waits for answers from which rates follow: one more than what the page has."""
        def has_more():
            self.settle()
            return self.js(ticks) >= before + more

        ticks = 'return page.engines.get(page.chosen).history.tick'
        before = self.js(ticks)
        wait_for(has_more, 10, 'the page has one more answer')

    def js(self, script, *args):
        return self.driver.execute_script(script, *args)

    def settle(self):
        """Has the page ask now, and not when it is time; returns when it shows the answer."""
        self.driver.execute_async_script('''
            const done = arguments[0], turn = () => {
                clearTimeout(page.timer);
                if (page.isAsking)
                    setTimeout(turn, 10);
                else
                    page.ask().then(done);
            };
            turn();''')

    def text(self, selector):
        """What the element shows; None: there is none, or it is hidden."""
        return self.js('const one = document.querySelector(arguments[0]);'
                       'return one && one.checkVisibility() ? one.innerText : null', selector)

    def rows(self, table):
        """The rows of a table below an element: of each a dict by the headings. Numbers of columns with
        the same heading: the last one counts."""
        rows = self.js('''
            const table = document.querySelector(arguments[0] + ' table');
            const titles = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
            return [...table.tBodies].map((body) => [...body.rows[0].cells].map(
                (cell, i) => [titles[i], cell.textContent]));''', table)
        return [dict(row) for row in rows]

    def row(self, table, first):
        """The row whose first cell is, or else begins, so."""
        rows = [(next(iter(one.values())), one) for one in self.rows(table)]
        return next(one for name, one in sorted(rows, key=lambda row: row[0] != first) if name.startswith(first))

    def press(self, *keys):
        ActionChains(self.driver, duration=0).send_keys(*keys).perform()

    def focused(self):
        """Where the keyboard is: the id of the element, or its text."""
        return self.js('const one = document.activeElement; return one.id || one.textContent')

    def media(self, **features):
        """color_scheme='dark', reduced_motion='reduce'"""
        self.driver.execute_cdp_cmd('Emulation.setEmulatedMedia', {'features': [
            {'name': 'prefers-' + name.replace('_', '-'), 'value': value} for name, value in features.items()]})

    def size(self, width, height=1000):
        self.driver.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', {
            'width': width, 'height': height, 'deviceScaleFactor': 1, 'mobile': False})

    def complaints(self):
        """What stands in the console as an error since the page was opened."""
        return [one for one in self.driver.get_log('browser') if one['level'] == 'SEVERE']

    def asked(self):
        """All that the page has asked for."""
        return set(self.js("return performance.getEntriesByType('resource').map((one) => one.name)"))


@pytest.fixture(scope='session')
def session():
    """One Chromium and one made-up exporter for all modules."""
    for path in (CHROMIUM, CHROMEDRIVER):
        if not os.path.exists(path):
            pytest.skip(f'absent: {path}')
    alone = Alone()
    with alone:
        browser, made_up = Browser(), MadeUp()
    yield alone, browser, made_up
    with alone:
        made_up.close()
        browser.close()


@pytest.fixture(scope='module')
def browser(session):
    """A Chromium; the module is without network meanwhile."""
    alone, browser, _ = session
    with alone:
        yield browser


@pytest.fixture(scope='module')
def made_up(session, browser):
    return session[2]


@pytest.fixture
def show(browser, made_up):
    """show(engine, ...) opens the page with these engines. Whatever a test does, the page complains
    of nothing, and asks for nothing but data.json."""
    def show(*engines):
        made_up.engines[:], made_up.asked[:], made_up.status = engines, [], 200
        browser.open(made_up.url)
        return browser

    browser.size(*WIDE)
    browser.media()
    yield show
    assert browser.complaints() == []
    assert browser.asked() == {made_up.url + 'data.json'}
    assert set(made_up.asked) <= {'/', '/data.json'}
