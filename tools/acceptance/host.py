# SPDX-License-Identifier: BSD-3-Clause
"""The versions of everything, and how the machine is set up: without them nobody can repeat a figure."""

import contextlib
import glob
import os
import platform
import re
import subprocess


def joined(*words):
    return ' '.join(word for word in words if word)


def text_of(path):
    with contextlib.suppress(OSError, UnicodeDecodeError):
        with open(path) as file:
            return file.read().strip()
    return None


def said_by(*argv):
    """What a program prints, or None."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
        if done.returncode == 0:
            return done.stdout.strip()
    return None


def found(pattern, text):
    match = re.search(pattern, text or '', re.M)
    return match and match[1].strip()


def nic(port, port_info):
    """Of the PCI device, and of the kernel's interface on it where there is one."""
    kernel = port_info.get('kernel')
    rows = {'port': f"{port} ({port_info['driver']})", 'link': f"{port_info['speed_mbps']} Mb/s",
            'queues': f"{port_info['queues']} of {port_info['rx_descs']} descriptors",
            'MTU': port_info['mtu'], 'kernel interface': kernel and kernel['name']}
    device = f'/sys/bus/pci/devices/{port}'
    if os.path.isdir(device):
        word = {name: text_of(f'{device}/{name}') for name in
                ('vendor', 'device', 'subsystem_vendor', 'subsystem_device', 'revision', 'numa_node',
                 'current_link_speed', 'current_link_width', 'max_link_speed', 'max_link_width')}
        rows['PCI id'] = (f"{word['vendor']}:{word['device']} {word['subsystem_vendor']}:"
                          f"{word['subsystem_device']} rev {word['revision']}")
        rows['PCI name'] = said_by('lspci', '-s', port)
        rows['PCIe'] = (f"{word['current_link_speed']} x{word['current_link_width']} of "
                        f"{word['max_link_speed']} x{word['max_link_width']}")
        rows['NUMA node'] = word['numa_node']
        with contextlib.suppress(OSError):
            rows['bound to'] = os.path.basename(os.readlink(f'{device}/driver'))
    if kernel:
        info = said_by('ethtool', '-i', kernel['name'])
        rows['kernel driver'] = found(r'^driver: (.*)', info)
        rows['kernel driver version'] = found(r'^version: (.*)', info)
        rows['firmware (ethtool -i)'] = found(r'^firmware-version: (.*)', info)
        rows['flow control'] = ' '.join((said_by('ethtool', '-a', kernel['name']) or '').split()[3:])
    return rows


def hugepages():
    counts = []
    for folder in sorted(glob.glob('/sys/devices/system/node/node*/hugepages/hugepages-*')):
        total = text_of(f'{folder}/nr_hugepages')
        if total not in (None, '0'):
            node = found(r'/(node\d+)/', folder)
            counts.append(f"{total} of {folder.rpartition('-')[2]} on {node}")
    return ', '.join(counts) or 'none'


def machine():
    cpuinfo = text_of('/proc/cpuinfo')
    dmi = {name: text_of(f'/sys/class/dmi/id/{name}') for name in
           ('sys_vendor', 'product_name', 'bios_vendor', 'bios_version', 'bios_date')}
    vulnerable = {os.path.basename(path): text_of(path) for path in
                  sorted(glob.glob('/sys/devices/system/cpu/vulnerabilities/*'))}
    return {
        'machine': joined(dmi['sys_vendor'], dmi['product_name']),
        'BIOS': joined(dmi['bios_vendor'], dmi['bios_version'], dmi['bios_date']),
        'CPU': found(r'^model name\s*: (.*)', cpuinfo) or platform.machine(),
        'microcode': found(r'^microcode\s*: (.*)', cpuinfo),
        'CPUs': f"{os.cpu_count()}, isolated: {text_of('/sys/devices/system/cpu/isolated') or 'none'}, "
                f"nohz_full: {text_of('/sys/devices/system/cpu/nohz_full') or 'none'}",
        'hyper-threading': text_of('/sys/devices/system/cpu/smt/control'),
        'governor': text_of('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor'),
        'clock source': text_of('/sys/devices/system/clocksource/clocksource0/current_clocksource'),
        'hugepages': hugepages(),
        'IOMMU groups': len(glob.glob('/sys/kernel/iommu_groups/*')),
        'ASPM': text_of('/sys/module/pcie_aspm/parameters/policy'),
        'mitigations': ', '.join(name for name, text in vulnerable.items()
                                 if text and text.startswith('Mitigation')),
        'kernel': f'{platform.release()} {platform.version()}',
        'kernel command line': text_of('/proc/cmdline'),
        'distribution': found(r'^PRETTY_NAME="?([^"\n]*)', text_of('/etc/os-release')),
        'virtual machine': said_by('systemd-detect-virt'),
    }


def versions(site):
    """Of the programs. site: who knows where they are."""
    return {'mcring': said_by(site.program('mcring'), '--version'),
            'DPDK': said_by('pkg-config', '--modversion', 'libdpdk') or found(
                r'^Version: (.*)', said_by('dpkg', '-s', 'librte-eal23')),
            'dpdk-testpmd': found(r'^Version: (.*)', said_by('dpkg', '-s', 'dpdk-dev'))}
