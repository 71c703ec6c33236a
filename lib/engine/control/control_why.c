/* SPDX-License-Identifier: BSD-3-Clause */
/* The verdict of engine/why/ as JSON. */
#include "engine/control/control_info.h"
#include "engine/control/control_json.h"

static const struct mcr_why_verdict *verdict_of(const struct mcr_control_snapshot *snapshot)
{
	return mcr_why_verdict(snapshot->why);
}

static json_t *text_or_null(const char *text)
{
	return text[0] ? mcr_json_string(text) : json_null();
}

static json_t *lines_of(const struct mcr_why_lines *lines)
{
	json_t *all = json_array();

	for (unsigned i = 0; all && i < lines->n; i++)
		json_array_append_new(all, mcr_json_string(lines->line[i]));
	return all;
}

static MCR_CONTROL_ITEM(first)
{
	return mcr_json_string(verdict_of(snapshot)->first);
}

static MCR_CONTROL_ITEM(exit_status)
{
	return json_integer(verdict_of(snapshot)->exit);
}

static MCR_CONTROL_ITEM(name)
{
	static const char *const names[] = {[MCR_WHY_FLOWS] = "flows",
					    [MCR_WHY_CAUSE] = "cause",
					    [MCR_WHY_UNDECIDED] = "undecided"};

	return json_string(names[verdict_of(snapshot)->exit]);
}

static MCR_CONTROL_ITEM(query)
{
	const struct mcr_why_query *q = mcr_why_asked(snapshot->why);

	return json_pack("{so so so so}", "group", mcr_json_address_or_null(q->group), "port",
			 mcr_json_number_or_null(q->port), "source",
			 mcr_json_address_or_null(q->source), "channel", text_or_null(q->channel));
}

static MCR_CONTROL_ITEM(finding)
{
	const struct mcr_why_verdict *v = verdict_of(snapshot);
	const struct mcr_why_finding *f = &v->findings[i];

	if (i >= v->n_findings)
		return NULL;
	return json_pack("{ss ss so so so so sI so so so}", "code", mcr_why_code_name(f->code),
			 "severity", mcr_why_severity_name(f->severity), "interface",
			 text_or_null(f->interface), "port", text_or_null(f->port), "channel",
			 text_or_null(f->channel), "group", mcr_json_address_or_null(f->group),
			 "groups", (json_int_t)f->groups, "text", mcr_json_string(f->text),
			 "evidence", lines_of(&f->evidence), "todo", lines_of(&f->todo));
}

static MCR_CONTROL_ITEM(proven)
{
	return lines_of(&verdict_of(snapshot)->proven);
}

static MCR_CONTROL_ITEM(candidate)
{
	const struct mcr_why_verdict *v = verdict_of(snapshot);
	const struct mcr_why_candidate *c = &v->candidates[i];

	if (i >= v->n_candidates)
		return NULL;
	return json_pack("{ss so so so}", "code", mcr_why_suspect_name(c->suspect), "text",
			 mcr_json_string(c->text), "command", mcr_json_string(c->command), "where",
			 mcr_json_string(c->where));
}

static MCR_CONTROL_ITEM(hidden)
{
	return lines_of(&verdict_of(snapshot)->hidden);
}

const struct mcr_control_section mcr_control_why[] = {
    {"first", NULL, first},
    {"exit", NULL, exit_status},
    {"verdict", NULL, name},
    {"query", NULL, query},
    {"findings", &mcr_control_by_index, finding},
    {"proven", NULL, proven},
    {"candidates", &mcr_control_by_index, candidate},
    {"hidden", NULL, hidden},
    {NULL, NULL, NULL},
};
