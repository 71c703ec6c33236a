/* SPDX-License-Identifier: BSD-3-Clause */
#include "request.h"

#include <errno.h>
#include <string.h>

#include "core/error.h"

json_t *request_parse(const char *text, size_t len, const char *program, const char *command,
		      const char *instead, struct mcr_error *err)
{
	json_error_t error;
	json_t *request = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error), *given;

	if (!request) {
		mcr_error_set(err, -EINVAL, "not JSON: %s", error.text);
		return NULL;
	}
	given = json_object_get(request, "command");
	if (json_is_string(given) && strcmp(json_string_value(given), command) == 0)
		return request;
	if (json_is_string(given))
		mcr_error_set(err, -EINVAL, "'%.32s': this is %s, which takes %s; %s",
			      json_string_value(given), program, command, instead);
	else
		mcr_error_set(err, -EINVAL, "expected an object with \"command\", a string");
	json_decref(request);
	return NULL;
}

int request_unknown_member(const char *key, const char *command, const char *takes,
			   struct mcr_error *err)
{
	return mcr_error_set(err, -EINVAL, "unknown member \"%.32s\": %s takes %s", key, command,
			     takes);
}
