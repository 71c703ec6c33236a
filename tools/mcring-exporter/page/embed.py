#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""embed.py INDEX SOURCE HEADER

Makes one page of index.html and of the style and the scripts that it names, and writes it as C: the array
exporter_page[] and exporter_page_len, and in the header the Content-Security-Policy to send with it. The
policy names each style and script by its hash, and allows one thing more: asking the same origin for data.
"""

import base64
import hashlib
import os
import re
import sys

# The files stay a page of their own: index.html can be opened from any web server that has data.json.
STYLE = re.compile(r'<link rel="stylesheet" href="([\w.]+)">')
SCRIPT = re.compile(r'<script src="([\w.]+)"></script>')

POLICY = ("default-src 'none'; script-src {scripts}; style-src {styles}; img-src data:; connect-src 'self'; "
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
          "require-trusted-types-for 'script'; trusted-types 'none'")


def combine(index):
    """Gives the page as octets, and its policy."""
    def read(name):
        with open(os.path.join(os.path.dirname(index), name), encoding='utf-8') as file:
            return file.read()

    def inline(tag, hashes):
        def replace(found):
            text = '\n' + read(found[1])
            if f'</{tag}' in text:
                sys.exit(f'{found[1]}: "</{tag}" would end the element')
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            hashes.append(f"'sha256-{digest}'")
            return f'<{tag}>{text}</{tag}>'
        return replace

    styles, scripts = [], []
    page = STYLE.sub(inline('style', styles), read(os.path.basename(index)))
    page = SCRIPT.sub(inline('script', scripts), page)
    return page.encode(), POLICY.format(scripts=' '.join(scripts), styles=' '.join(styles))


def main():
    index, source, header = sys.argv[1:]
    page, policy = combine(index)
    with open(source, 'w') as file:
        file.write(f'#include "{os.path.basename(header)}"\n\nconst unsigned char exporter_page[] = {{\n')
        for at in range(0, len(page), 20):
            file.write(','.join(map(str, page[at:at + 20])) + ',\n')
        file.write('};\nconst size_t exporter_page_len = sizeof(exporter_page);\n')
    with open(header, 'w') as file:
        file.write('#ifndef EXPORTER_PAGE_H\n#define EXPORTER_PAGE_H\n\n#include <stddef.h>\n\n'
                   'extern const unsigned char exporter_page[];\nextern const size_t exporter_page_len;\n\n'
                   f'#define EXPORTER_PAGE_POLICY "{policy}"\n\n#endif\n')


if __name__ == '__main__':
    main()
