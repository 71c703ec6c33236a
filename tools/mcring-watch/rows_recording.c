/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include "../common/reply.h"
#include "rows.h"

json_t *watch_row_recording(struct recorder *r)
{
#define OF(key, member) REPLY_COUNTER(key, struct recorder_stats, member)
	static const struct reply_counter counters[] = {
	    OF("triggers", triggers),
	    OF("files", files),
	    OF("joined", joined),
	    OF("held_off", held_off),
	    OF("failed", failed),
	    OF("whole", whole),
	    OF("given_up", given_up),
	    OF("asked", asked),
	    OF("answered", answered),
	    OF("put", put),
	    OF("put_bytes", put_octets),
	    OF("no_room", no_room),
	    OF("blind", blind),
	    OF("blind_messages", blind_messages),
	    OF("unwritten", unwritten),
	    OF("written", written),
	    OF("written_bytes", written_octets),
	    OF("dir_files", dir_files),
	    OF("dir_bytes", dir_octets),
	    OF("leftovers", leftovers),
	};
#undef OF
	struct recorder_stats s;
	json_t *row;

	recorder_stats(r, &s);
	row = json_pack("{so sb sb so so so so}", "name", reply_string(recorder_name(r)), "stopped",
			s.is_stopped, "writing", s.is_writing, "error",
			reply_text_or_null(s.is_stopped ? s.error : ""), "oldest_ns",
			reply_number_or_null(s.oldest_ns), "newest_ns",
			reply_number_or_null(s.newest_ns), "file", reply_text_or_null(s.file));
	reply_counters(row, &s, counters, sizeof(counters) / sizeof(counters[0]));
	return row;
}
