/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "engine/attach/attach_channels.h"
#include "engine/attach/attach_grant.h"
#include "engine/attach/attach_log.h"
#include "engine/attach/attach_program.h"
#include "engine/attach/attach_reply.h"
#include "engine/attach/attach_slots.h"
#include "engine/plan/channel_config.h"

void mcr_attach_server_programs(struct mcr_attach_server *s,
				const struct mcr_attach_programs *programs, void *ctx)
{
	s->programs = programs;
	s->programs_ctx = ctx;
}

/* ---- a channel is made ---- */

static int is_named(const struct mcr_attach_server *s, const char *name)
{
	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++)
		if ((s->slots[i].state == MCR_SLOT_WAITING ||
		     s->slots[i].state == MCR_SLOT_ABANDONED) &&
		    strcmp(s->slots[i].program, name) == 0)
			return 1;
	return !!mcr_attach_find_channel(s, name);
}

/* "NAME/PID", and "NAME/PID.2" if the process has one already. No configured channel has a '/'. */
static void name_program(const struct mcr_attach_server *s, char *name, const char *template,
			 int32_t pid)
{
	snprintf(name, MCR_NAME_MAX, "%.20s/%d", template, (int)pid);
	for (unsigned n = 2; is_named(s, name); n++)
		snprintf(name, MCR_NAME_MAX, "%.20s/%d.%u", template, (int)pid, n);
}

/* A waiting client is refused, or a half-open one is about to be: the log says why. */
static void warn(struct mcr_attach_server *s, const struct mcr_attach_slot *slot, const char *why,
		 uint64_t now_ns)
{
	mcr_attach_warn(s, now_ns, MCR_ATTACH_WARNING_LIMIT,
			"a program of user %u (pid %d) was refused: %s", slot->uid, (int)slot->pid,
			why);
}

void mcr_attach_make_program(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
			     struct mcr_attach_channel *template, const char *label,
			     uint64_t now_ns, struct mcr_welcome *welcome)
{
	struct mcr_channel_config config = template->config;
	struct mcr_error err = {""};
	const uint64_t id = s->last_id + 1;
	int ret;

	if (slot->own || !s->programs) {
		mcr_attach_set_refusal(
		    welcome, -EOPNOTSUPP,
		    "channel \"%s\" has rings for each program that attaches over "
		    "the engine's socket, and none for this one",
		    config.name);
		return;
	}
	name_program(s, config.name, template->config.name, slot->pid);
	config.per_program = 0;
	config.programs_max = 0;
	ret = s->programs->make(s->programs_ctx, id, &config, &err);
	if (ret < 0) {
		mcr_attach_set_refusal(welcome, ret, "%s", err.text);
		warn(s, slot, err.text, now_ns);
		return;
	}
	s->last_id = id;
	mcr_attach_slot_wait(s, slot, template, id, config.name, label, now_ns);
}

/* Returns NULL when it is gone. */
static struct mcr_attach_slot *find_waiting(struct mcr_attach_server *s, uint64_t id)
{
	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++)
		if ((s->slots[i].state == MCR_SLOT_WAITING ||
		     s->slots[i].state == MCR_SLOT_ABANDONED) &&
		    s->slots[i].id == id)
			return &s->slots[i];
	return NULL;
}

int mcr_attach_server_add_program(struct mcr_attach_server *s, uint64_t id,
				  const struct mcr_channel_config *config, const int *ring_fds,
				  const void *const *ring_mems, unsigned n_rings, uint64_t epoch)
{
	struct mcr_attach_slot *slot = find_waiting(s, id);
	struct mcr_attach_channel *channel;
	int ret;

	if (!slot || slot->state != MCR_SLOT_WAITING)
		return -ESRCH;
	ret = mcr_attach_server_add_channel(s, config, ring_fds, ring_mems, n_rings, epoch);
	if (ret < 0)
		return ret;
	channel = mcr_attach_find_channel(s, config->name);
	channel->is_program = 1;
	channel->made_of = slot->made_of;
	/* What changed meanwhile. */
	mcr_channel_copy_access(&channel->config, &slot->made_of->config);
	return 0;
}

/* Sends the welcome, or a refusal: then the channel is nobody's. */
static void welcome_program(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
			    struct mcr_attach_channel *channel, uint64_t now_ns)
{
	struct mcr_welcome welcome = MCR_WELCOME_INIT;
	char label[MCR_LABEL_MAX];

	strcpy(label, slot->label);
	mcr_attach_grant(s, slot, channel, label, now_ns, &welcome);
	if (slot->state == MCR_SLOT_ATTACHED)
		return;
	mcr_attach_send_welcome(slot->fd, &welcome, NULL, 0);
	mcr_attach_slot_release(s, slot);
	channel->has_ended = s->program_ended = 1;
}

void mcr_attach_server_answer(struct mcr_attach_server *s, uint64_t id, int status,
			      const char *text, uint64_t now_ns)
{
	struct mcr_attach_slot *slot = find_waiting(s, id);

	if (!slot)
		return;
	if (slot->state == MCR_SLOT_ABANDONED) {
		mcr_attach_slot_forget(s, slot);
		return;
	}
	mcr_attach_slot_resume(s, slot);
	if (status == 0) {
		welcome_program(s, slot, mcr_attach_find_channel(s, slot->program), now_ns);
		return;
	}
	warn(s, slot, text, now_ns);
	mcr_attach_send_refusal(slot->fd, status, "%s", text);
	mcr_attach_slot_release(s, slot);
}

/* ---- who waits ---- */

void mcr_attach_on_waiting(struct mcr_attach_server *s, struct mcr_attach_slot *slot)
{
	char byte;

	if (recv(slot->fd, &byte, 1, MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	mcr_attach_slot_abandon(s, slot);
}

void mcr_attach_end_waiting(struct mcr_attach_server *s, uint64_t now_ns)
{
	for (size_t i = 0; s->waiting > 0 && i < MCR_ATTACH_SLOTS; i++) {
		struct mcr_attach_slot *slot = &s->slots[i];

		if (slot->state != MCR_SLOT_WAITING || now_ns - slot->since_ns < MCR_ATTACH_WAIT_NS)
			continue;
		mcr_attach_send_refusal(
		    slot->fd, -ETIMEDOUT, "the rings of channel \"%s\" were not ready after %llu s",
		    slot->program, (unsigned long long)MCR_ATTACH_WAIT_NS / 1000000000);
		mcr_attach_slot_abandon(s, slot);
	}
}

/* ---- programs that ended ---- */

void mcr_attach_end_programs(struct mcr_attach_server *s)
{
	char name[MCR_NAME_MAX];
	uint8_t again = 0;

	for (size_t i = 0; s->program_ended && i < MCR_CHANNELS_MAX; i++) {
		if (!s->channels[i] || !s->channels[i]->has_ended)
			continue;
		strcpy(name, s->channels[i]->config.name); /* it goes with the channel */
		again |= s->programs->end(s->programs_ctx, name) == -ENOMEM;
	}
	s->program_ended = again;
}
