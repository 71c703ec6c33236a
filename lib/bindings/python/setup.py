# SPDX-License-Identifier: BSD-3-Clause
"""A wheel has the two C libraries inside: of the folders that MCRING_LIB_DIR lists, or of the mcring that
pkg-config finds. Nothing is compiled, so one wheel serves all versions of Python."""

import os
import shutil
import subprocess

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:  # setuptools before 70
    from wheel.bdist_wheel import bdist_wheel

LIBRARIES = ('libmcring-client.so.2', 'libmcring-feed.so.2')


def library_folders():
    folders = os.environ.get('MCRING_LIB_DIR')
    if folders is None:
        folders = subprocess.run(['pkg-config', '--variable=libdir', 'libmcring-feed'], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout.strip()
    return folders.split(':')


class Build(build_py):
    def run(self):
        super().run()
        folder = os.path.join(self.build_lib, 'mcring', 'libs')
        os.makedirs(folder, exist_ok=True)
        for name in LIBRARIES:
            found = [os.path.join(one, name) for one in library_folders()]
            found = [path for path in found if os.path.exists(path)]
            if not found:
                raise SystemExit(f'{name} is not in {library_folders()}: install mcring, or set MCRING_LIB_DIR')
            shutil.copyfile(found[0], os.path.join(folder, name))


class Binary(Distribution):
    def has_ext_modules(self):  # the wheel is of one kind of machine ...
        return True


class Wheel(bdist_wheel):
    def get_tag(self):
        return 'py3', 'none', super().get_tag()[2]  # ... and of any Python


setup(cmdclass={'build_py': Build, 'bdist_wheel': Wheel}, distclass=Binary)
