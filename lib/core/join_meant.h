/* SPDX-License-Identifier: BSD-3-Clause */
/* What somebody meant who wrote a group in another form than that of a join (mcring/join.h): as a
 * URL, with a space before the port, as routers show it. Pure. Thread: any. */
#ifndef MCR_CORE_JOIN_MEANT_H
#define MCR_CORE_JOIN_MEANT_H

#define MCR_JOIN_MEANT_MAX 256 /* octets of a join text; a longer one is not looked at */

/* mcr_join_meant looks at a text that is no join. If it knows the form, it returns what the text
 * is, "is a URL" for one, and writes the join that it probably stands for, which may be none all
 * the same: the caller parses it. "": there is no such join. NULL: the form is unknown. */
const char *mcr_join_meant(char join[MCR_JOIN_MEANT_MAX], const char *text);

#endif
