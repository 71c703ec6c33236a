/* SPDX-License-Identifier: BSD-3-Clause */
#include "kafka_topics.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 64

/* FNV-1a. */
static uint32_t hash_of(const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name; name++)
		h = (h ^ (uint8_t)*name) * 16777619u;
	return h;
}

static struct kafka_topic **slot_of(struct kafka_topic **slots, uint32_t size, const char *name)
{
	uint32_t i = hash_of(name) & (size - 1);

	while (slots[i] && strcmp(rd_kafka_topic_name(slots[i]->rkt), name))
		i = (i + 1) & (size - 1);
	return slots + i;
}

static int grow(struct kafka_topics *topics)
{
	uint32_t size = topics->size ? topics->size * 2 : FIRST_SIZE;
	struct kafka_topic **slots = calloc(size, sizeof(struct kafka_topic *));

	if (!slots)
		return -1;
	for (uint32_t i = 0; i < topics->size; i++)
		if (topics->slots[i])
			*slot_of(slots, size, rd_kafka_topic_name(topics->slots[i]->rkt)) =
			    topics->slots[i];
	free(topics->slots);
	topics->slots = slots;
	topics->size = size;
	return 0;
}

struct kafka_topic *kafka_topics_find(struct kafka_topics *topics, rd_kafka_t *rk, const char *name)
{
	struct kafka_topic **slot;

	if (topics->n * 2 >= topics->size && grow(topics) != 0)
		return NULL;
	slot = slot_of(topics->slots, topics->size, name);
	if (*slot)
		return *slot;
	*slot = calloc(1, sizeof(**slot));
	if (*slot)
		(*slot)->rkt = rd_kafka_topic_new(rk, name, NULL);
	if (*slot && !(*slot)->rkt) {
		free(*slot);
		*slot = NULL;
	}
	topics->n += !!*slot;
	return *slot;
}

void kafka_topics_clear(struct kafka_topics *topics)
{
	for (uint32_t i = 0; i < topics->size; i++)
		if (topics->slots[i]) {
			rd_kafka_topic_destroy(topics->slots[i]->rkt);
			free(topics->slots[i]);
		}
	free(topics->slots);
	*topics = (struct kafka_topics){0};
}
