# SPDX-License-Identifier: BSD-3-Clause
"""Addresses: 16 octets each, an IPv4 address as ::ffff:a.b.c.d, none as zeros."""

import ctypes
from functools import lru_cache

from . import _abi
from ._errors import check
from ._library import quick


def parse_address(text: str) -> bytes:
    """The octets of an address. Raises mcring.Error (EINVAL) for a text that is none."""
    address = _abi.mcr_address()
    octets = text.encode()
    check(quick.mcr_address_parse(ctypes.byref(address), octets, len(octets)))
    return bytes(address.octets)


@lru_cache(maxsize=65536)
def format_address(octets: bytes) -> str:
    """An address as text: `239.1.1.1`, `ff3e::1`, `::` for none."""
    text = ctypes.create_string_buffer(_abi.MCR_ADDRESS_TEXT)
    quick.mcr_address_format(text, _abi.mcr_address.from_buffer_copy(octets))
    return text.value.decode()
