# SPDX-License-Identifier: BSD-3-Clause
"""Random scripts of socket calls do the same on the kernel, on the library's functions and under the
preload; 'kernel' is on both hosts, which proves the comparison. With MCR_COMPARE_SEED other ones run."""

import os

import pytest

from comparer import compare

SEED = int(os.environ.get('MCR_COMPARE_SEED', 1))


@pytest.mark.parametrize('library', ('kernel', 'direct', 'preload'))
def test_sixty_scripts_do_the_same_as_on_the_kernel(lab, library):
    done = compare(lab, library, '--seed', SEED, '--scripts', 60, capture_output=True, text=True,
                   timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f'60 scripts from seed {SEED}, 0 differed')
