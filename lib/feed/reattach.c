/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "feed/state.h"

int mcr_feed_reattach(struct mcr_feed *f, struct mcr_error *err)
{
	struct mcr_error why = {""};
	int lives = 0;

	for (unsigned i = 0; i < f->n_sources; i++) {
		struct mcr_feed_source *s = &f->sources[i];

		lives |= mcr_feed_source_lives(s) || mcr_feed_source_look(s, &why) == 0;
	}
	if (lives)
		return 0;
	return mcr_error_set(err, -EAGAIN, "%s",
			     why.text[0] ? why.text : "no engine of this feed is there yet");
}
