# SPDX-License-Identifier: BSD-3-Clause
"""The two families that a test runs with: it names IPv4 addresses, and runs with their twins."""

import ipaddress
import re

# 239/8 for any source, 232/8 source-specific, 224/8 for the link alone, 10/8 the hosts.
_TWINS = {239: 'ff15::', 232: 'ff35::', 224: 'ff02::', 10: '2001:db8::'}
_ADDRESS = r'(?<![\d.])\d+\.\d+\.\d+\.\d+(?![\d.])'


class Family:
    def __init__(self, number):
        self.number = number
        self.is_ipv6 = number == 6

    def __repr__(self):
        return f'IPv{self.number}'

    def address(self, ipv4):
        """10.0.0.1 or its twin 2001:db8::1, 239.1.2.3 or ff15::1:203: the last three octets stay."""
        if not self.is_ipv6:
            return ipv4
        number = int(ipaddress.IPv4Address(ipv4))
        return str(ipaddress.IPv6Address(_TWINS[number >> 24]) + (number & 0xffffff))

    def join(self, text):
        """A join, or a destination of mcsend: each address becomes its twin in brackets, the length
        of a prefix grows by 96."""
        if not self.is_ipv6:
            return text
        text = re.sub(rf'({_ADDRESS})/(\d+)(?=:|$)',
                      lambda found: f'{found[1]}/{int(found[2]) + 96}', text, count=1)
        return re.sub(_ADDRESS, lambda found: f'[{self.address(found[0])}]', text)

    def host(self, ipv4, length):
        """An address with the length of its prefix, as ip and address= or address6= take it."""
        return f'{self.address(ipv4)}/{64 if self.is_ipv6 else length}'

    def own(self, ipv4, length=24):
        """The keys of an interface that has this address, and may use it at once."""
        host = self.host(ipv4, length)
        return f'address6={host},dad=off' if self.is_ipv6 else f'address={host}'

    def give(self, host, interface, ipv4, length=24):
        """Gives an address to a kernel's interface."""
        if self.is_ipv6:
            host.speak_ipv6(interface, self.host(ipv4, length))
        else:
            host.run('ip', 'addr', 'add', self.host(ipv4, length), 'dev', interface)


IPV4, IPV6 = Family(4), Family(6)
FAMILIES = (IPV4, IPV6)


def at_port(address, port=5000):
    """A join of an address of either family, or a destination."""
    return f'[{address}]:{port}' if ':' in address else f'{address}:{port}'
