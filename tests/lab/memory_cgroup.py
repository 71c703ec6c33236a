# SPDX-License-Identifier: BSD-3-Clause
"""A memory cgroup with a limit, where one can be made."""

import os

REASON = 'no memory cgroup can be made here'


def _mount():
    """(folder of the hierarchy that accounts for memory, file of the limit), or None."""
    with open('/proc/self/mountinfo') as lines:
        for line in lines:
            place, tail = line.split(' ')[4], line.split(' - ')[1].split()
            if tail[0] == 'cgroup' and 'memory' in tail[2].split(','):
                return place, 'memory.limit_in_bytes'
            if tail[0] == 'cgroup2' and _has_memory(place):
                return place, 'memory.max'
    return None


def _has_memory(place):
    try:
        with open(f'{place}/cgroup.subtree_control') as control:
            return 'memory' in control.read().split()
    except OSError:
        return False


class MemoryCgroup:
    """One below the hierarchy's root."""

    def __init__(self, limit_bytes):
        mount = _mount()
        if mount is None:
            raise OSError(REASON)
        self.path = f'{mount[0]}/mcrtest_{os.getpid()}'
        os.mkdir(self.path)
        try:
            with open(f'{self.path}/{mount[1]}', 'w') as out:
                out.write(str(limit_bytes))
        except OSError:
            os.rmdir(self.path)
            raise

    def take(self, host):
        """From now on what runs on a host of netlab's runs in this cgroup too. (`ip netns exec`
        mounts a /sys without cgroups.)"""
        enter = ['nsenter', f'--net=/run/netns/{host.name}', 'sh', '-c',
                 f'echo $$ >{self.path}/cgroup.procs && exec "$0" "$@"']
        host.argv = lambda *argv: [*enter, *map(str, argv)]

    def remove(self):
        os.rmdir(self.path)


if __name__ == '__main__':  # exit status 0: one can be made
    MemoryCgroup(64 << 20).remove()
