# SPDX-License-Identifier: BSD-3-Clause
"""debs.py, with an apt-get that fails as a test wants it. No root."""

import os
import signal
import subprocess
import sys
import time

import pytest

import debs
from netlab import wait_for

# As it is told by files in its folder: `fails`: each command takes a line away, and fails with it; `old`: the
# machine's lists do not do. It notes each command, and puts the package into the folder where it is run.
APT_GET = '''#!/bin/bash
cd "${0%/*}/.."
echo "${0##*/} $*" >>log
if [[ -s fails ]]; then
	error=$(head -n 1 fails)
	sed -i 1d fails
	[[ $error != half ]] || { echo half >"$OLDPWD/one_1_all.deb"; exec sleep 60; }
	echo "$error" >&2
	echo 'E: Some index files failed to download.' >&2
	exit 100
fi
case " $* " in
*' update '*) : >"$(sed -n 's/^Dir::State::Lists "\\(.*\\)";$/\\1/p' "$3")/renewed" ;;
*' depends '*) printf '%s\\n  Depends: one\\n' "${@: -1}" ;;
*' download one ')
	[[ ! -e old || $3 == */own.conf && -e $OLDPWD/../lists/renewed ]] || { echo 'E: 404  Not Found' >&2; exit 100; }
	cp one.deb "$OLDPWD/one_1_all.deb" ;;
*) exit 100 ;;
esac
'''
MIRROR = 'E: Failed to fetch http://mirror/one  503  Busy\n'


class Place:
    """What a download has around it."""

    def __init__(self, path):
        self.path, self.folder = path, str(path / 'peers' / 'one')
        (path / 'bin').mkdir()
        for name in 'apt-get', 'apt-cache':
            self.program(name, APT_GET)
        (path / 'tree' / 'DEBIAN').mkdir(parents=True)
        (path / 'tree' / 'DEBIAN' / 'control').write_text(
            'Package: one\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@example.net>\nDescription: one\n')
        (path / 'tree' / 'file').write_text('whole')
        subprocess.run(['dpkg-deb', '--build', '--root-owner-group', path / 'tree', path / 'one.deb'], check=True,
                       stdout=subprocess.DEVNULL)

    def program(self, name, text):
        (self.path / 'bin' / name).write_text(text)
        (self.path / 'bin' / name).chmod(0o755)

    def log(self):
        """The commands, without their options."""
        path = self.path / 'log'
        lines = path.read_text().splitlines() if path.exists() else []
        return [' '.join(word for word in line.split()[1:] if word[0] not in '-/') for line in lines]

    def start(self):
        """In a process of its own."""
        return subprocess.Popen(
            [sys.executable, '-c', 'import debs, sys; sys.exit(debs.fetch(sys.argv[1], "one"))', self.folder],
            cwd=os.path.dirname(debs.__file__), stderr=subprocess.PIPE, text=True)

    def need(self, *packages, **kwargs):
        """A skip fails."""
        try:
            debs.need(self.folder, *packages, **kwargs)
        except pytest.skip.Exception as skip:
            pytest.fail(str(skip))

    def is_whole(self):
        """It is there, and nothing else but the lock."""
        assert sorted(os.listdir(self.path / 'peers')) == ['one', 'one.lock']
        with open(f'{self.folder}/file') as file:
            return file.read() == 'whole'


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv('PATH', f'{tmp_path}/bin:{os.environ["PATH"]}')
    monkeypatch.setattr(debs, 'PAUSES_S', (0, 0.01, 0.01))
    debs._fetch.cache_clear()
    return Place(tmp_path)


def test_what_is_there_is_not_downloaded_again(place):
    for _ in range(2):
        place.need('one')
        debs._fetch.cache_clear()
    assert place.log() == ['download one']
    assert place.is_whole()


@pytest.mark.parametrize('fails', range(1, 7))
def test_a_mirror_that_fails_for_a_while_is_asked_again(place, fails):
    (place.path / 'fails').write_text(MIRROR * fails)
    place.need('one')
    assert place.is_whole()
    assert place.log() == ['download one'] + ['update', 'download one'] * ((fails + 1) // 2)


def test_a_mirror_that_stays_away_is_the_reason_of_the_skip(place):
    (place.path / 'fails').write_text(MIRROR * 100)
    for _ in range(2):  # the second test does not wait
        with pytest.raises(pytest.skip.Exception, match='^apt-get download failed for one: .*503  Busy$'):
            debs.need(place.folder, 'one')
    assert place.log() == ['download one'] + ['update', 'download one'] * 3
    assert os.listdir(place.path / 'peers') == ['one.lock']


def test_pauses_grow_and_outlast_a_minute():
    assert list(debs.PAUSES_S) == sorted(debs.PAUSES_S) and 45 < sum(debs.PAUSES_S) < 90


def test_without_a_network_it_gives_up_at_once(place):
    (place.path / 'fails').write_text("E: Failed to fetch http://one  Temporary failure resolving 'one'\n" * 9)
    with pytest.raises(pytest.skip.Exception, match='Temporary failure resolving'):
        debs.need(place.folder, 'one')
    assert place.log() == ['download one']


def test_lists_that_are_old_are_passed_over_for_own_ones(place):
    (place.path / 'old').touch()
    place.need('one')
    assert place.log() == ['download one', 'update', 'download one']
    assert place.is_whole()


def test_what_a_package_depends_on_has_a_name_of_its_own(place):
    place.need('meta', depends=True)
    assert place.log() == ['depends meta', 'download one']
    assert place.is_whole()


def test_a_command_that_hangs_is_an_attempt(place, monkeypatch):
    monkeypatch.setattr(debs, 'COMMAND_SECONDS', 0.5)  # which others may take too, on a busy machine
    monkeypatch.setattr(debs, 'PAUSES_S', [0] * 20)
    (place.path / 'fails').write_text('half\n')
    place.need('one')
    assert place.is_whole()


def test_what_was_killed_while_it_downloaded_leaves_nothing_that_counts(place):
    (place.path / 'fails').write_text('half\n')
    with place.start() as killed:
        half = wait_for(lambda: list(place.path.glob('peers/*/**/*.deb')), 30, 'half of it is there')
        killed.kill()
    assert half[0].read_text() == 'half\n' and not os.path.exists(place.folder)
    place.need('one')
    assert place.is_whole()


def test_what_was_killed_while_it_unpacked_leaves_nothing_that_counts(place):
    place.program('dpkg-deb', '#!/bin/bash\necho half >"$3/file"\ntouch "$3/other"\nexec sleep 60\n')
    with place.start() as killed:
        wait_for(lambda: list(place.path.glob('peers/*/**/other')), 30, 'half of it is there')
        killed.kill()
    os.unlink(place.path / 'bin' / 'dpkg-deb')
    place.need('one')
    assert place.is_whole() and not os.path.exists(f'{place.folder}/other')


def test_of_two_at_once_one_downloads_and_the_other_waits(place):
    (place.path / 'fails').write_text('half\n')
    with place.start() as first:
        wait_for(place.log, 30, 'the first downloads')
        with place.start() as second:
            time.sleep(0.3)
            assert place.log() == ['download one'] and second.poll() is None
            first.send_signal(signal.SIGKILL)
            assert second.wait(30) == 0, second.stderr.read()
    assert place.log() == ['download one'] * 2
    assert place.is_whole()
