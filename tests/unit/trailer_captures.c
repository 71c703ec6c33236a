/* SPDX-License-Identifier: BSD-3-Clause */
/* Trailers in captures: trailer_captures FOLDER, or the folder that MCR_MARKET_PCAPS names; without
 * it the test is skipped. Two sets of public files have them, and were captured with the trailers'
 * own times to the nanosecond:
 *     github.com/Open-Markets-Initiative/omi-data-packets: Nasdaq.Nsm.Ouch.v5.0, Metamako
 *     github.com/CiscoDevNet/n3550-timestamp-decoder: fusion_hpt_example.pcap, Exablaze HPT
 * Each frame of them must have its time, but for those of a file with microseconds, which has no
 * trailers; no frame of any other file may have one. */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/parse.h"
#include "core/trailer.h"

#define SKIPPED 77

static const char *const forms[] = {
    [MCR_TRAILER_METAMAKO] = "Nsm.Ouch",
    [MCR_TRAILER_EXABLAZE_HPT] = "fusion_hpt",
};

static unsigned n_files, n_frames, n_times, n_faults;

static uint32_t le32(const uint8_t *at)
{
	return le32toh(mcr_load32(at));
}

/* Octets of an Ethernet frame up to the end of its IPv4 packet; of another one, its header's. */
static uint32_t end_of(const uint8_t *frame, uint32_t len)
{
	uint32_t at = 12;

	while (at + 6 <= len && mcr_ether_is_vlan(mcr_load_be16(frame + at)))
		at += MCR_VLAN_TAG;
	if (at + 6 > len || mcr_load_be16(frame + at) != MCR_ETHER_TYPE_IPV4)
		return len < MCR_ETHER_HEADER ? len : MCR_ETHER_HEADER;
	at += 2u + mcr_load_be16(frame + at + 4);
	return at < len ? at : len;
}

static void take_frame(const char *path, unsigned form, int has_trailers, int is_us,
		       const uint8_t *record)
{
	const uint8_t *frame = record + 16;
	const struct mcr_piece piece = {frame, le32(record + 8)};
	const uint64_t captured_ns =
	    le32(record) * UINT64_C(1000000000) + le32(record + 4) * (is_us ? 1000u : 1u);
	struct mcr_trailer_reader reader = {.form = (uint8_t)form};
	uint64_t ns = mcr_trailer_read(&reader, &(struct mcr_frame){&piece, 1},
				       piece.len - end_of(frame, piece.len), captured_ns);

	n_times += ns != 0;
	if (ns == (has_trailers ? captured_ns : 0))
		return;
	printf("%s: %s: captured at %llu, the trailer's time is %llu\n", path, forms[form],
	       (unsigned long long)captured_ns, (unsigned long long)ns);
	n_faults++;
}

static int look(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	static uint8_t data[1 << 20];
	const size_t n = strlen(path);
	FILE *file;
	size_t len;
	int is_us;

	if (type != FTW_F || n < 5 || strcmp(path + n - 5, ".pcap") != 0)
		return 0;
	file = fopen(path, "rb");
	len = file ? fread(data, 1, sizeof(data), file) : 0;
	if (file)
		fclose(file);
	if (len < 24 || data[3] != 0xa1) /* of the other order of octets */
		return 0;
	is_us = le32(data) == 0xa1b2c3d4;
	n_files++;
	for (size_t at = 24; at + 16 <= len && le32(data + at + 8) <= len - at - 16;
	     at += 16 + le32(data + at + 8)) {
		n_frames++;
		for (unsigned form = 0; form < 2; form++)
			take_frame(path, form, !is_us && strstr(path, forms[form]), is_us,
				   data + at);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *folder = getenv("MCR_MARKET_PCAPS");

	if (!folder || !*folder)
		folder = argc > 1 ? argv[1] : "";
	if (access(folder, F_OK) != 0) {
		printf("skipped: absent: %s\n", folder);
		return SKIPPED;
	}
	if (nftw(folder, look, 16, FTW_PHYS) != 0) {
		perror(folder);
		return 1;
	}
	printf("%u files, %u frames, %u of them with a trailer\n", n_files, n_frames, n_times);
	return n_frames == 0 || n_faults > 0;
}
