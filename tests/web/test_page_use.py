# SPDX-License-Identifier: BSD-3-Clause
"""The exporter's page with made-up engines: how it is worked with, how it looks, and whom it trusts."""

import pytest

from chromium import NARROW
from made_up import HEALTHY, Engine, examples, finding
from netlab import wait_for
from selenium.webdriver.common.keys import Keys


# ---- thousands ----

def test_ten_thousand_groups_stay_usable(show):
    engine = Engine(groups=10_000, groups_total=40_000)
    page = show(engine)
    assert page.text('#groups .pager') == '‹ Previous\n1 to 25 of 10,000\nNext ›'
    assert page.text('#groups-note').startswith('The exporter shows 10,000 of 40,000 groups')
    assert page.js("return document.querySelectorAll('*').length") < 3000
    page.press('/')
    page.press('239.1.3.44')
    assert [row['Group'] for row in page.rows('#groups')] == ['239.1.3.44']
    page.press(Keys.ESCAPE)
    page.press('silent backup')
    assert {row['State'] for row in page.rows('#groups')} == {'silent'}
    assert {row['Interface'] for row in page.rows('#groups')} == {'backup'}
    page.press(Keys.ESCAPE, Keys.TAB)
    page.press(']', ']')
    assert page.text('#groups .pager span') == '51 to 75 of 10,000'
    page.settle()
    assert page.text('#groups .pager span') == '51 to 75 of 10,000'  # an answer does not turn back
    page.press('/')
    page.press('feed')
    assert page.text('#groups .pager span').startswith('1 to 25 of 6,')  # but another choice does
    assert page.js("return document.querySelectorAll('*').length") < 3000


# ---- keyboard ----

def close_help(page):
    page.press(Keys.ESCAPE)
    wait_for(lambda: not page.js("return byId('help').open"), 5, 'Escape closes the dialog')


def test_the_keyboard_reaches_all_in_the_order_of_the_page(show):
    page = show(*examples())
    seen, shown = [], []
    for _ in range(120):
        page.press(Keys.TAB)
        where = page.js('''
            const one = document.activeElement, box = one.getBoundingClientRect();
            if (one === document.body)
                return null;
            return [one.id || one.textContent, getComputedStyle(one).outlineStyle, box.width > 1, box.top +
                scrollY, box.bottom > 0 && box.top < innerHeight];''')
        if where is None:
            break
        seen.append(where[0])
        shown.append(where[1:])
    assert seen[:6] == ['To the verdict', 'pause', 'help-open', 'sfeed: 1 fault, 1 warning', 'tickers: Not decidable from this '
                        'host', 'mcring: Healthy']
    for name in ('What is proven (2)', 'Ports', 'groups-filter', 'Silent for', 'Next ›', 'Room left', 'Querier'):
        assert name in seen, seen
    assert all(outline != 'none' and is_there and is_seen for outline, is_there, _, is_seen in shown), \
        list(zip(seen, shown))
    tops = [top for _, _, top, _ in shown[6:]]
    assert all(b > a - 60 for a, b in zip(tops, tops[1:])), 'the focus goes down the page'


def test_keys_choose_sort_find_and_help(show):
    page = show(*examples())
    assert page.text('#name') == 'sfeed'  # the worst is chosen
    page.press('3')
    assert page.text('#name') == 'mcring'
    page.press('9')
    assert page.text('#name') == 'mcring'
    for key, heading in zip('vpgrdml', ('verdict', 'ports', 'groups', 'readers', 'drops', 'membership', 'losses')):
        page.press(key)
        assert page.focused() == heading + '-title'
    page.press('g')
    page.press(*[Keys.TAB] * 6, Keys.ENTER)  # the filter, four choices of state, the first heading
    head = page.js("return [...document.querySelectorAll('#groups thead th')].map((one) => one.ariaSort)")
    assert head[0] == 'ascending'
    groups = [row['Group'] for row in page.rows('#groups')]
    assert groups[:3] == ['239.1.0.1', '239.1.0.2', '239.1.0.3'] and groups[-1] == 'ff15::b'
    page.press(Keys.ENTER)
    assert page.rows('#groups')[0]['Group'] == 'ff15::b'
    assert page.js('return document.activeElement.textContent') == 'Group'
    page.press('?')
    assert page.js("return byId('help').open")
    assert 'Finds groups' in page.text('#keys')
    page.press('p')  # is not for the page now
    close_help(page)
    assert page.js('return document.activeElement.textContent') == 'Group'  # the focus is back


def test_single_keys_can_be_turned_off(show, made_up):
    page = show(Engine())
    page.press('?')
    page.js("byId('keys-on').focus()")
    page.press(' ')
    close_help(page)
    page.press('g')
    assert page.focused() != 'groups-title'
    page.open(made_up.url)  # it stays so
    page.press('g')
    assert page.focused() != 'groups-title'
    page.press('?')
    page.js("byId('keys-on').click()")
    close_help(page)
    page.press('g')
    assert page.focused() == 'groups-title'


# ---- how it looks ----

# The least contrast of all texts that are shown, with what is behind them (WCAG 2.1, 1.4.3).
CONTRAST = '''
    const light = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, part, i) => {
        const v = c[i] / 255;
        return sum + part * (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    }, 0);
    const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
    const behind = (one) => {
        for (; one; one = one.parentElement) {
            const c = numbers(getComputedStyle(one).backgroundColor);
            if (c.length === 3 || c[3] > 0)
                return c;
        }
        return [255, 255, 255];
    };
    let worst = [99, ''];
    for (const one of document.querySelectorAll('body *')) {
        const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!own || !one.checkVisibility() || one.getBoundingClientRect().width < 2)
            continue;
        const [a, b] = [light(numbers(getComputedStyle(one).color)), light(behind(one))].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < worst[0])
            worst = [ratio, one.outerHTML.slice(0, 200)];
    }
    return worst;'''


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_texts_have_contrast(show, scheme):
    page = show(*examples())
    page.media(color_scheme=scheme)
    back = page.js("return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (max(back) < 50) == (scheme == 'dark')
    for key in '1234':
        page.press(key)
        ratio, element = page.js(CONTRAST)
        assert 4.5 <= ratio < 99, element


def test_severity_has_a_shape_and_a_word(show):
    page = show(*examples())
    shapes = page.js('''return Object.fromEntries([...document.querySelectorAll('.icon:not([hidden])')].map((one) =>
        [one.classList[1], one.firstChild.getAttribute('d') + one.lastChild.getAttribute('d')]))''')
    assert {'good', 'fault', 'warning', 'note', 'unknown'} <= set(shapes)
    assert len(set(shapes.values())) == len(shapes)
    assert page.js("return [...document.querySelectorAll('.icon')].every((one) => one.ariaHidden === 'true')")


@pytest.mark.parametrize('width', [320, 700])  # a phone, and 400 % and 180 % of a screen of 1280
def test_narrow_screens_scroll_in_tables_only(show, width):
    page = show(*examples())
    page.size(width)
    for key in '1234':
        page.press(key)
        assert page.js('return document.documentElement.scrollWidth') <= width
    page.press('1')
    # What scrolls can be reached by keyboard.
    wait_for(lambda: page.js('''return [...document.querySelectorAll('.scroll')].every((one) =>
        one.scrollWidth <= one.clientWidth || one.tabIndex === 0)'''), 5, 'all that scrolls has a place in the order')


def test_nothing_moves_for_those_who_want_less_motion(show, browser):
    browser.media(reduced_motion='reduce')
    page = show(Engine())
    assert page.js('''return [...document.querySelectorAll('*')].filter((one) =>
        parseFloat(getComputedStyle(one).transitionDuration) > 0 || getComputedStyle(one).animationName !== 'none')
        .map((one) => one.className)''') == []
    assert page.js('return document.getAnimations().length') == 0


def test_all_that_is_worked_with_has_a_name(show):
    page = show(*examples())
    page.wait_for_rates()
    nodes = page.driver.execute_cdp_cmd('Accessibility.getFullAXTree', {})['nodes']
    named = [(one['role']['value'], one.get('name', {}).get('value', '')) for one in nodes if not one['ignored']]
    roles = {role for role, _ in named}
    assert {'button', 'searchbox', 'table', 'columnheader', 'rowheader', 'link', 'status', 'main'} <= roles
    for role in ('button', 'searchbox', 'table', 'columnheader', 'rowheader', 'link', 'region', 'image'):
        assert all(name for one, name in named if one == role), role
    images = [name for role, name in named if role == 'image']
    assert any(name.startswith('Received in the last minutes, from ') for name in images), images


def test_plots_are_read_out_under_the_pointer(show):
    page = show(Engine())
    page.wait_for_rates()
    page.js('''
        const plot = document.querySelector('.tile .plot'), box = plot.getBoundingClientRect();
        plot.dispatchEvent(new PointerEvent('pointermove', {clientX: box.right - 1, clientY: box.top + 9}));''')
    assert page.text('.tile .top').endswith(' ago')


# ---- who is not trusted ----

HOSTILE = [
    '<img src=x onerror=alert(1)>',
    '</script><script>alert(1)</script>',
    'evil\u202etxt.exe\u2066',
    'W' * 200,
    '${alert(1)}\n\x1b[2Jnew line',
]


def test_texts_of_others_are_text(show):
    engine = Engine()
    readers = [dict(engine.stats()['consumers'][0], id=i, label=text) for i, text in enumerate(HOSTILE)]
    engine.more['consumers'] = readers
    engine.name = HOSTILE[0]
    engine.why = {**HEALTHY, 'exit': 1, 'first': HOSTILE[1], 'proven': HOSTILE, 'hidden': HOSTILE, 'findings': [
        finding(code=text, text=text, evidence=HOSTILE, todo=HOSTILE, interface=text) for text in HOSTILE]}
    page = show(engine, Engine(HOSTILE[1]))
    labels = [row['Reader'] for row in page.rows('#readers-table')]
    assert labels == [HOSTILE[0], HOSTILE[1], 'evil\ufffdtxt.exe\ufffd', 'W' * 39 + '…', '${alert(1)}\ufffd\ufffd[2Jnew line']
    assert page.text('.first') == HOSTILE[1]
    assert page.js("return document.querySelectorAll('img, script:not(:is(body > script))').length") == 0
    page.size(*NARROW)
    assert page.js('return document.documentElement.scrollWidth') <= NARROW[0]


def test_the_policy_allows_nothing_else(show, made_up):
    page = show(Engine())
    # Chromedriver's own scripts stand outside the policy; what they put into the document does not.
    outcome = page.driver.execute_async_script('''
        const done = arguments[0], outcome = {refused: []};
        document.addEventListener('securitypolicyviolation', (event) =>
            outcome.refused.push(event.effectiveDirective));
        try {
            document.body.innerHTML = '<p>';
            outcome.html = 'taken';
        } catch (error) {
            outcome.html = error.name;
        }
        const image = document.createElement('img');
        image.src = '/pixel.png';
        document.body.append(image);
        const style = document.createElement('style');
        style.textContent = 'body { display: none }';
        document.body.append(style);
        fetch('http://127.0.0.1:1/').catch((error) => {
            setTimeout(() => {
                image.remove();
                style.remove();
                done(outcome);
            }, 50);
        });''')
    assert outcome['html'] == 'TypeError'
    assert {'connect-src', 'img-src', 'style-src-elem', 'require-trusted-types-for'} <= set(outcome['refused'])
    assert '/pixel.png' not in made_up.asked
    page.driver.get_log('browser')  # the refusals
    page.js('performance.clearResourceTimings()')
    page.settle()
