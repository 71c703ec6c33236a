# SPDX-License-Identifier: BSD-3-Clause
"""Debian packages that tests unpack and do not install: routers, Prometheus, a kernel.

Other processes use apt meanwhile: while suite net runs, tools/check installs packages for later suites. The
machine's package lists may be old, absent, or about to be replaced, and who replaces them can hold their lock for a
minute. So lists that do not do are not waited for, nor touched: the download gets its own."""

import fcntl
import functools
import os
import re
import shutil
import subprocess
import time

import pytest

from netlab import _die_with_parent

PAUSES_S = (0, 2, 5, 15, 30)  # before attempts: a mirror that fails may be back in a minute
COMMAND_SECONDS = 300
NO_NETWORK = 'Temporary failure resolving'
OPTIONS = '''
APT::Sandbox::User "root";
Acquire::Retries "0";
Acquire::http::Timeout "15";
Acquire::https::Timeout "15";
'''  # an attempt begins where the last one ended
# Without hooks: those of an image for containers remove what another apt-get has downloaded.
OWN_LISTS = '''
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::GzipIndexes "true";
Dir::State::Lists "{work}/lists";
Dir::Cache "{work}/cache";
'''


def need(folder, *packages, depends=False):
    """Downloads packages and unpacks them into a folder, once: it is there when all of them are. Skips the test
    where that fails. depends: not these, but what each of them depends on."""
    error = _fetch(folder, packages, depends)
    if error:
        pytest.skip(f'apt-get download failed for {" ".join(packages)}: {error}')


def fetch(folder, *packages):
    """Likewise; gives what apt said last, or None."""
    return _fetch(folder, packages, False)


@functools.cache  # what failed for a minute is not tried again by each test
def _fetch(folder, packages, depends):
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with open(f'{folder}.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.isdir(folder):
            return None
        work = f'{folder}.part'
        shutil.rmtree(work, ignore_errors=True)  # of one that was killed
        try:
            error = _download(work, packages, depends)
            if error is None:
                _unpack(work)
                os.rename(f'{work}/root', folder)
            return error
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _unpack(work):
    for name in os.listdir(f'{work}/debs'):
        subprocess.run(['dpkg-deb', '-x', f'{work}/debs/{name}', f'{work}/root'], check=True,
                       preexec_fn=_die_with_parent)


def _download(work, packages, depends):
    """With the machine's lists, else with own ones, again and again."""
    for name in 'root', 'debs', 'lists/partial', 'cache':
        os.makedirs(f'{work}/{name}')
    for name, text in ('apt.conf', OPTIONS), ('own.conf', OPTIONS + OWN_LISTS.format(work=work)):
        with open(f'{work}/{name}', 'w') as conf:
            conf.write(text)
    error = _attempt(work, 'apt.conf', packages, depends)
    for pause in PAUSES_S:
        if error is None or NO_NETWORK in error:
            break
        time.sleep(pause)
        _, of_lists = _run(work, 'apt-get', '-qq', '-c', f'{work}/own.conf', 'update')
        error = _attempt(work, 'own.conf', packages, depends)
        if error and of_lists:
            error = f'{of_lists}; {error}'
    return error


def _attempt(work, conf, packages, depends):
    options = ('-qq', '-c', f'{work}/{conf}')
    if depends:
        out, error = _run(work, 'apt-cache', *options, 'depends', *packages)
        packages = re.findall(r'^ +Depends: (\S+)', out, re.M)
        if error:
            return error
    return _run(work, 'apt-get', *options, 'download', *packages)[1]


def _run(work, *argv):
    """Gives what it prints, and the last of its errors if it fails, else None."""
    try:
        done = subprocess.run(argv, cwd=f'{work}/debs', env={**os.environ, 'LC_ALL': 'C'}, capture_output=True,
                              text=True, timeout=COMMAND_SECONDS, preexec_fn=_die_with_parent)
    except subprocess.TimeoutExpired:
        return '', f'{argv[0]} did not end within {COMMAND_SECONDS} s'
    if done.returncode == 0:
        return done.stdout, None
    errors = re.findall(r'^E: Failed to fetch .*', done.stderr, re.M) or re.findall(r'^E: .*', done.stderr, re.M)
    return done.stdout, errors[-1] if errors else f'{argv[0]} gave {done.returncode}'
