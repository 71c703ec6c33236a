# SPDX-License-Identifier: BSD-3-Clause
"""Random scripts of socket calls do the same on two hosts."""

import pytest

from comparer import compare


@pytest.mark.parametrize('library', ('kernel',))
def test_sixty_scripts_do_the_same_on_both_hosts(lab, library):
    done = compare(lab, library, '--scripts', 60, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith('60 scripts from seed 1, 0 differed')
