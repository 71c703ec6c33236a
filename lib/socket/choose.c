/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket/choose.h"

#include <errno.h>
#include <string.h>

#include "socket/filter.h"
#include "socket/link.h"
#include "socket/prefixes.h"
#include "socket/settings.h"

const char *mcr_why_text(unsigned why)
{
	static const char *const texts[] = {
	    [MCR_WHY_NONE] = "",
	    [MCR_WHY_ABSENT] = "no engine",
	    [MCR_WHY_PERMISSION] = "not permitted",
	    [MCR_WHY_QUOTA] = "limit reached",
	    [MCR_WHY_REFUSED] = "refused",
	    [MCR_WHY_ELSEWHERE] = "another interface",
	    [MCR_WHY_ASKED] = "not to be accelerated",
	};

	return why < sizeof(texts) / sizeof(texts[0]) ? texts[why] : "";
}

/* The errno of a join that the engine does not take, and why it does not. */
static int error_of(int code, uint8_t *why)
{
	*why = MCR_WHY_REFUSED;
	switch (-code) {
	case EACCES:
	case EPERM:
		*why = MCR_WHY_PERMISSION;
		return -EACCES;
	case ENOSPC:
	case E2BIG:
	case EBUSY:
		*why = MCR_WHY_QUOTA;
		return -ENOBUFS;
	case ENOMEM:
	case EINVAL:
	case EMFILE:
		return code;
	default:
		*why = MCR_WHY_ABSENT;
		return -ENETDOWN;
	}
}

/* Whether the kernel may have what the engine does not take. */
static int kernel_may(const struct mcr_place *place)
{
	const struct mcr_settings *s = mcr_settings_get();

	if (s->is_required || s->fallback == MCR_FALLBACK_NEVER)
		return 0;
	return s->fallback == MCR_FALLBACK_ALWAYS ? place->ifindex != 0
						  : mcr_interface_is_kernels(place);
}

static void report(const struct mcr_choice *c, struct mcr_address group, const char *outcome,
		   const char *detail)
{
	char text[MCR_ADDRESS_TEXT];
	const char *on = c->place.name[0] ? c->place.name : c->place.device;

	mcr_log("%s on %s: %s: %s%s%s", mcr_address_format(text, group), on[0] ? on : "?", outcome,
		mcr_why_text(c->why), detail[0] ? ": " : "", detail);
}

int mcr_choose_instead(struct mcr_choice *choice, struct mcr_address group, int code,
		       const char *text)
{
	int error = error_of(code, &choice->why);

	if (kernel_may(&choice->place)) {
		choice->where = MCR_MEMBERSHIP_KERNEL;
		report(choice, group, "the kernel receives it", text);
		return 0;
	}
	choice->where = MCR_MEMBERSHIP_NOWHERE;
	report(choice, group, "not joined", text);
	return error;
}

static int give_to_kernel(struct mcr_choice *c, struct mcr_address group, uint8_t why)
{
	c->where = MCR_MEMBERSHIP_KERNEL;
	c->is_plain = 1;
	c->why = why;
	report(c, group, "the kernel receives it", "");
	return 0;
}

/* The interface is none of the engine's. */
static int choose_elsewhere(struct mcr_choice *c, struct mcr_address group)
{
	const struct mcr_settings *s = mcr_settings_get();
	int is_alone = s->fallback != MCR_FALLBACK_ALWAYS && c->place.device[0] != '\0' &&
		       !mcr_interface_is_kernels(&c->place);

	if (!is_alone && !s->is_required)
		return give_to_kernel(c, group, MCR_WHY_ELSEWHERE);
	c->where = MCR_MEMBERSHIP_NOWHERE;
	c->why = MCR_WHY_ELSEWHERE;
	report(c, group, "not joined",
	       is_alone ? "the kernel does not see what arrives there" : "an engine is required");
	return is_alone ? -ENETDOWN : -ENODEV;
}

/* Groups that are not to be accelerated are the kernel's, where it can receive them. */
static int is_left_out(struct mcr_choice *c, int fd, const struct mcr_join_request *r)
{
	if (mcr_prefixes_have(mcr_settings_get()->groups, r->group))
		return 0;
	mcr_interface_find(&c->place, fd, r->group, &r->asked, 1);
	return mcr_interface_is_kernels(&c->place);
}

int mcr_choose(struct mcr_choice *out, int fd, const struct mcr_join_request *r)
{
	const struct mcr_settings *s = mcr_settings_get();
	struct mcr_error error = {{0}};
	int code;

	memset(out, 0, sizeof(*out));
	if (is_left_out(out, fd, r))
		return give_to_kernel(out, r->group, MCR_WHY_ASKED);
	code = mcr_link_open(&error);
	mcr_interface_find(&out->place, fd, r->group, &r->asked, 0);
	if (out->place.interface != MCR_NO_INTERFACE) {
		out->where = MCR_MEMBERSHIP_ENGINE;
		return 0;
	}
	/* That there is no such device, the kernel says. */
	if (out->place.is_unknown && out->place.device[0] == '\0' && !s->is_required &&
	    s->fallback != MCR_FALLBACK_NEVER)
		return give_to_kernel(out, r->group, MCR_WHY_ABSENT);
	if (out->place.name[0] || out->place.is_unknown)
		return mcr_choose_instead(out, r->group, code < 0 ? code : -EPIPE, error.text);
	return choose_elsewhere(out, r->group);
}

void mcr_choose_again(struct mcr_choice *choice, struct mcr_address group)
{
	choice->why = MCR_WHY_NONE;
	choice->where = MCR_MEMBERSHIP_ENGINE;
	if (choice->place.interface != MCR_NO_INTERFACE)
		return;
	choice->why = MCR_WHY_ABSENT;
	choice->where = kernel_may(&choice->place) ? MCR_MEMBERSHIP_KERNEL : MCR_MEMBERSHIP_NOWHERE;
	report(choice, group,
	       choice->where == MCR_MEMBERSHIP_KERNEL ? "the kernel receives it"
						      : "nobody receives it",
	       "");
}
