# SPDX-License-Identifier: BSD-3-Clause
"""The README's commands, as they stand there."""

import re
import textwrap


class Readme:
    def __init__(self, path):
        with open(path, encoding='utf-8') as page:
            self.text = page.read()
        self.blocks = [textwrap.dedent(block).strip()
                       for block in re.findall(r'(?:^(?:    .*)?\n)*^    .*\n', self.text, re.M)]

    def block(self, beginning):
        """The one block of commands that begins so."""
        found = [block for block in self.blocks if block.startswith(beginning)]
        assert len(found) == 1, f'README.md has not one block that begins with "{beginning}": {found}'
        return found[0]

    def inline(self, beginning):
        """The one command in the text that begins so."""
        found = [' '.join(one.split()) for one in re.findall(r'`([^`]+)`', self.text)
                 if one.startswith(beginning)]
        assert len(found) == 1, f'README.md has not one `{beginning}...`: {found}'
        return found[0]
