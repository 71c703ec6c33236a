/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON as values of DPDK's telemetry, whose answers have 16 KiB and whose types are few: numbers
 * without a sign or of an int, text of 127 octets, lists of one type. What does not fit there it
 * would leave out without a word. */
#ifndef MCR_APP_TELEMETRY_PUT_H
#define MCR_APP_TELEMETRY_PUT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>
#include <rte_telemetry.h>

#define MCR_TELEMETRY_ROOM (16384 - 256) /* octets of an answer, less what frames it */

/* What is left of an answer. */
struct mcr_telemetry_room {
	size_t octets;
	bool is_cut; /* something had no room */
};

/* mcr_telemetry_put_members adds the members of a JSON object to a started dictionary: true and
 * false as 1 and 0, numbers, texts, lists and objects. A member that is null is left out, since
 * telemetry has no null within a dictionary, and so is what has no room. Thread: any. */
void mcr_telemetry_put_members(struct rte_tel_data *d, const json_t *object,
			       struct mcr_telemetry_room *room);

/* mcr_telemetry_put adds one member. */
void mcr_telemetry_put(struct rte_tel_data *d, const char *name, const json_t *value,
		       struct mcr_telemetry_room *room);

/* mcr_telemetry_put_list starts a list and adds the elements of a JSON array, all of the type of
 * the first: numbers or texts. Others have no room: telemetry of 22.11 has no lists of objects. */
void mcr_telemetry_put_list(struct rte_tel_data *d, const json_t *array,
			    struct mcr_telemetry_room *room);

#endif
