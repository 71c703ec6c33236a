/* SPDX-License-Identifier: BSD-3-Clause */
/* The CRC of Ethernet's frame check sequence (IEEE 802.3 §3.2.9), which is that of zip and PNG. */
#ifndef MCR_CORE_CRC32_H
#define MCR_CORE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* mcr_crc32 goes on with the CRC of what stands before data; 0 = nothing does. The FCS of a frame
 * is its CRC with the lowest octet first. Thread: any. */
uint32_t mcr_crc32(uint32_t crc, const uint8_t *data, size_t len);

/* mcr_crc32_portable: the same without the CPU's carry-less multiplication, for the tests. */
uint32_t mcr_crc32_portable(uint32_t crc, const uint8_t *data, size_t len);

#endif
