#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""compare.py [--library kernel|direct|preload] [options of compare]: random scripts of socket calls, on the kernel and
on a library (root)."""

import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'lab'))

import netlab  # noqa: E402
from comparer import compare  # noqa: E402


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument('--library', choices=('kernel', 'direct', 'preload'), default='direct')
    args, rest = parser.parse_known_args()
    netlab.sweep()
    lab = netlab.Lab()
    try:
        return compare(lab, args.library, *rest).returncode
    finally:
        lab.close()


if __name__ == '__main__':
    sys.exit(main())
