# SPDX-License-Identifier: BSD-3-Clause
"""tools/patient-apt, and what tests/lab/debian_root does with debootstrap, when the mirror fails. No root."""

import os
import shutil
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Each command notes itself without its options, and fails as long as there are lines in `fails`.
FAKE = '''#!/bin/bash
cd "${0%/*}/.."
case $* in
indextargets*) echo 'deb http://mirror bookworm main' && exit ;;
*/mnt*) mkdir -p "/mnt/etc/apt/apt.conf.d/try$(wc -l <fails)" ;;
esac
words=("${0##*/}")
while [[ $# -gt 0 ]]; do
	case $1 in
	-o) shift ;;
	-*) ;;
	*) words+=("$1") ;;
	esac
	shift
done
echo "${words[*]}" >>log
[[ -s fails && ${0##*/} != sleep ]] || exit 0
head -n 1 fails
sed -i 1d fails
exit 100
'''
INSTALL, UPDATE = 'apt-get install one', 'apt-get update'


class Place:
    def __init__(self, path):
        self.path = path
        (path / 'bin').mkdir()
        for name in 'apt-get', 'sleep', 'debootstrap':
            (path / 'bin' / name).write_text(FAKE)
            (path / 'bin' / name).chmod(0o755)

    def run(self, *argv, fails=()):
        (self.path / 'fails').write_text(''.join(f'{line}\n' for line in fails))
        return subprocess.run(argv, env={**os.environ, 'PATH': f'{self.path}/bin:{os.environ["PATH"]}'},
                              capture_output=True, text=True)

    def log(self):
        return (self.path / 'log').read_text().splitlines()


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def install(place, *fails):
    return place.run(f'{ROOT}/tools/patient-apt', 'install', 'one', fails=fails)


def test_lists_that_do_are_not_renewed(place):
    assert install(place).returncode == 0
    assert place.log() == [INSTALL]


def test_lists_that_do_not_are_renewed(place):
    assert install(place, 'E: 404').returncode == 0
    assert place.log() == [INSTALL, 'sleep 0', UPDATE, INSTALL]


def test_lists_that_are_locked_are_renewed_by_another(place):
    assert install(place, 'E: 404', 'E: Unable to lock directory', 'E: 404', 'E: Unable to lock').returncode == 0
    assert place.log() == [INSTALL, 'sleep 0', UPDATE, INSTALL, 'sleep 5', UPDATE, INSTALL]


def test_a_mirror_that_stays_away_is_an_error_after_a_minute(place):
    done = install(place, *['E: 503  Busy'] * 99)
    assert done.returncode == 1 and 'E: 503  Busy' in done.stderr
    pauses = [int(line.split()[1]) for line in place.log() if line.startswith('sleep')]
    assert pauses == sorted(pauses) and 60 < sum(pauses) < 100
    assert place.log().count(UPDATE) == len(pauses) == place.log().count(INSTALL) - 1


def test_without_a_network_it_gives_up_at_once(place):
    assert install(place, *["Temporary failure resolving 'mirror'"] * 9).returncode == 1
    assert place.log() == [INSTALL]


def test_an_update_is_repeated(place):
    assert place.run(f'{ROOT}/tools/patient-apt', 'update', fails=['E: Unable to lock'] * 2).returncode == 0
    assert place.log() == ['sleep 0', UPDATE, 'sleep 5', UPDATE, 'sleep 20', UPDATE]


# ---- tests/lab/debian_root ----

def bootstrap(place, *fails):
    """A copy of it makes its base; gives its exit status, and the names in the base."""
    for name in 'tools/patient-apt', 'tests/lab/debian_root':
        os.makedirs(os.path.dirname(place.path / 'tree' / name), exist_ok=True)
        shutil.copy(f'{ROOT}/{name}', place.path / 'tree' / name)
    done = place.run('unshare', '--map-root-user', place.path / 'tree/tests/lab/debian_root', 'base', fails=fails)
    tar = place.path / 'tree/build-logs/debian.tar'
    assert sorted(os.listdir(tar.parent)) == (['debian.tar.lock'] if done.returncode else ['debian.tar', 'debian.tar.lock'])
    return done, [] if done.returncode else subprocess.run(['tar', '-tf', tar], check=True, text=True,
                                                           capture_output=True).stdout.splitlines()


@pytest.fixture
def user_namespaces():
    if subprocess.run(['unshare', '--map-root-user', 'true'], capture_output=True).returncode:
        pytest.skip('no user namespaces here')


BOOTSTRAP = 'debootstrap bookworm /mnt http://mirror'


def test_a_bootstrap_that_fails_is_begun_again_from_nothing(place, user_namespaces):
    done, names = bootstrap(place, 'E: Couldn\'t download packages: one')
    assert done.returncode == 0, done.stderr
    assert place.log() == [BOOTSTRAP, 'sleep 20', BOOTSTRAP]
    assert './etc/apt/apt.conf.d/try0/' in names and './etc/apt/apt.conf.d/try1/' not in names
    assert './etc/dpkg/dpkg.cfg.d/unsafe-io' in names


def test_a_bootstrap_that_fails_again_says_that_there_are_no_packages(place, user_namespaces):
    done, _ = bootstrap(place, *['E: Failed getting release file'] * 9)
    assert done.returncode == 3 and done.stdout.endswith('E: Failed getting release file\n')
    assert place.log() == [BOOTSTRAP, 'sleep 20', BOOTSTRAP]


def test_a_bootstrap_without_a_network_is_not_repeated(place, user_namespaces):
    done, _ = bootstrap(place, 'wget: unable to resolve host address')
    assert done.returncode == 3
    assert place.log() == [BOOTSTRAP]
