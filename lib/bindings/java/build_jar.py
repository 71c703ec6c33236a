#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes mcring.jar, the same octets from the same sources, in whatever folder.

build_jar.py jdk JAVAC: where the JDK of this javac is.
build_jar.py classes JAVAC HEADER CLASSES SOURCE...: compiles for Java 8. HEADER: the native part's prototypes;
CLASSES: a jar without the native part.
build_jar.py jar CLASSES LIBRARY STRIP VERSION JAR: puts the native part in.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

NATIVE = 'net_mcring_Native.h'
SHORT = ['-J-XX:TieredStopAtLevel=1', '-J-XX:+UseSerialGC']  # half the CPU time for a run of few seconds
# What the JVM calls the machines.
MACHINES = {'x86_64': 'amd64', 'i686': 'i386', 'armv7l': 'arm', 'ppc64le': 'ppc64le'}


def write(jar, contents):
    """contents: {name: octets}; the manifest comes first, as java.util.jar wants it."""
    with zipfile.ZipFile(jar, 'w', zipfile.ZIP_DEFLATED) as out:
        for name in sorted(contents, key=lambda name: (not name.startswith('META-INF/'), name)):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            out.writestr(entry, contents[name])


def jdk(javac):
    said = subprocess.run([javac, '-J-XshowSettings:properties', '-version'], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, check=True)
    print(re.search(r'java\.home = (.*)', said.stderr)[1])


def classes(javac, header, jar, *sources):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([javac, *SHORT, '--release', '8', '-Xlint:all,-options', '-Xdoclint:all/protected', '-Werror',
                        '-g:source,lines', '-d', folder, '-h', folder, *sources], check=True)
        shutil.copyfile(os.path.join(folder, NATIVE), header)
        contents = {}
        for where, _, names in os.walk(folder):
            for path in (os.path.join(where, name) for name in names if name.endswith('.class')):
                with open(path, 'rb') as file:
                    contents[os.path.relpath(path, folder)] = file.read()
    write(jar, contents)


def jar(compiled, library, strip, version, out):
    with zipfile.ZipFile(compiled) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    machine = MACHINES.get(os.uname().machine, os.uname().machine)
    with tempfile.NamedTemporaryFile() as stripped:
        subprocess.run([strip, '--strip-unneeded', '-o', stripped.name, library], check=True)
        with open(stripped.name, 'rb') as file:
            contents[f'net/mcring/native/linux-{machine}/libmcring-java.so'] = file.read()
    contents['META-INF/MANIFEST.MF'] = '\r\n'.join((
        'Manifest-Version: 1.0', 'Automatic-Module-Name: net.mcring', 'Implementation-Title: mcring',
        f'Implementation-Version: {version}', '', '')).encode()
    write(out, contents)


if __name__ == '__main__':
    {'jdk': jdk, 'classes': classes, 'jar': jar}[sys.argv[1]](*sys.argv[2:])
