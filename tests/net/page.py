# SPDX-License-Identifier: BSD-3-Clause
"""What stands in a page, and programs that a user has typed from it."""

import os
import re
import subprocess
import textwrap

from programs import BUILD, ROOT

PATH = f'{BUILD}/app:{BUILD}/tools:/usr/sbin:/usr/bin:/sbin:/bin'


def blocks(page, section):
    """The indented blocks of a section of a page of docs/, in their order."""
    with open(os.path.join(ROOT, 'docs', page)) as file:
        text = re.search(rf'(?ms)^##+ {re.escape(section)}\n(.*?)(?:^##|\Z)', file.read())[1]
    return [textwrap.dedent(block) for block in re.findall(r'(?:^    .*\n|^\n(?=    ))+', text, re.M)]


def beginnings(output, words=5, headings=('querier', 'interface')):
    """The first words of each line, and the whole of a line of headings."""
    lines = [line.split() for line in output.splitlines() if line]
    return {tuple(line if line[0] in headings else line[:words]) for line in lines}


class Typed:
    """A command that runs on a host until it is killed, in a /run of its own."""

    def __init__(self, place, host, command):
        self.host, self.log_path = host, place.path(f'{host.name}.log')
        with open(self.log_path, 'w') as log:
            self.process = host.start('unshare', '-m', 'sh', '-c', 'mount -t tmpfs t /run && exec ' + command,
                                      env={'PATH': PATH}, stdout=log, stderr=log)

    def log(self):
        with open(self.log_path, errors='replace') as log:
            return log.read()

    def run(self, command):
        """Another command beside it; gives what it prints."""
        return subprocess.run(['nsenter', '-t', str(self.process.pid), '-m', '-n', 'sh', '-c', command],
                              env={'PATH': PATH}, capture_output=True, text=True).stdout
