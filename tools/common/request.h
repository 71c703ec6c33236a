/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests to a server of lines (line_server.h): an object of JSON each, with a "command". */
#ifndef MCR_TOOLS_REQUEST_H
#define MCR_TOOLS_REQUEST_H

#include <stddef.h>

#include <jansson.h>

#include <mcring/types.h>

/* request_parse takes a request of len octets apart, which has to have this command: program takes
 * no other there, and `instead` says where to go with it. Returns the object, which is the
 * caller's, or NULL with err filled. */
json_t *request_parse(const char *text, size_t len, const char *program, const char *command,
		      const char *instead, struct mcr_error *err);

/* request_unknown_member refuses a member that the command does not have: -EINVAL with err filled.
 * takes: those that it has, as text. */
int request_unknown_member(const char *key, const char *command, const char *takes,
			   struct mcr_error *err);

#endif
