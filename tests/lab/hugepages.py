# SPDX-License-Identifier: BSD-3-Clause
"""Hugepages of 2 MiB, where some can be reserved: a folder with them, and the rest as it was."""

import os
import subprocess
import sys
import tempfile

REASON = 'hugepages cannot be reserved here'
COUNT = '/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages'
FREE = '/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages'


def _read(path):
    with open(path) as file:
        return int(file.read())


def _reserve(n):
    with open(COUNT, 'w') as file:
        file.write(str(n))


class Hugepages:
    """So many more than there were, and a hugetlbfs of its own. Raises OSError(REASON)."""

    def __init__(self, n):
        try:
            self.before, self.folder = _read(COUNT), None
            _reserve(self.before + n)
            if _read(FREE) < n:
                raise OSError(REASON)
            self.folder = tempfile.mkdtemp(prefix='mcrtest_huge')
            subprocess.run(['mount', '-t', 'hugetlbfs', '-o', 'pagesize=2M', 'none', self.folder], check=True)
        except (OSError, subprocess.CalledProcessError):
            self.close()
            raise OSError(REASON) from None

    def close(self):
        if self.folder:
            subprocess.run(['umount', self.folder], stderr=subprocess.DEVNULL)
            os.rmdir(self.folder)
        if os.access(COUNT, os.W_OK):
            _reserve(self.before)


if __name__ == '__main__':  # exit status 0: they can be had
    try:
        Hugepages(int(sys.argv[1]) if len(sys.argv) > 1 else 200).close()
    except OSError as error:
        sys.exit(str(error))
