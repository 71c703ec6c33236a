/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "socket/real.h"
#include "socket/table.h"

/* The library's descriptors begin here where they can, so that the program gets the numbers that it
 * would get without it. */
#define FIRST_DESCRIPTOR 512

struct mcr_object **mcr_table[MCR_TABLE_LEAVES];

/* Guards the table's words against two writers. It is taken after an object's lock. */
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

/* Guards the list of objects. It is taken before an object's lock, which is then only tried. */
static pthread_mutex_t make_lock = PTHREAD_MUTEX_INITIALIZER;
static struct mcr_object *all; /* every object that was ever made */

/* In the table: a descriptor of the library's own. Nothing locks it. */
static struct mcr_object own = {.kind = MCR_OBJECT_FREE};

static void lock_table(void)
{
	mcr_signal_enter();
	pthread_mutex_lock(&table_lock);
}

static void unlock_table(void)
{
	pthread_mutex_unlock(&table_lock);
	mcr_signal_leave();
}

void mcr_object_relock(struct mcr_object *o)
{
	mcr_signal_enter();
	pthread_mutex_lock(&o->lock);
}

void mcr_object_unlock(struct mcr_object *o)
{
	pthread_mutex_unlock(&o->lock);
	mcr_signal_leave();
}

struct mcr_object *mcr_object_lock(int fd, enum mcr_object_kind kind)
{
	struct mcr_object *o = mcr_table_find(fd);

	while (o && o != &own) {
		mcr_object_relock(o);
		/* It is still what the descriptor means, and not another use of the memory. */
		if (mcr_table_find(fd) == o && o->names > 0) {
			if (o->kind == kind)
				return o;
			mcr_object_unlock(o);
			return NULL;
		}
		mcr_object_unlock(o);
		o = mcr_table_find(fd);
	}
	return NULL;
}

void mcr_object_ref(struct mcr_object *o)
{
	o->refs++;
}

static void end_if_unused(struct mcr_object *o)
{
	if (o->names > 0 || o->refs > 0 || o->kind == MCR_OBJECT_FREE)
		return;
	o->end(o);
	o->kind = MCR_OBJECT_FREE;
}

void mcr_object_unref(struct mcr_object *o)
{
	if (o->refs > 0) /* a handler may have forked in the call that has it */
		o->refs--;
	end_if_unused(o);
	mcr_object_unlock(o);
}

/* ---- the table ---- */

/* Returns the place of a descriptor, or NULL: no memory, or too large. The table is locked. */
static struct mcr_object **place_of(int fd)
{
	struct mcr_object ***leaf;

	if ((unsigned)fd >= MCR_TABLE_LEAF * MCR_TABLE_LEAVES)
		return NULL;
	leaf = &mcr_table[fd / MCR_TABLE_LEAF];
	if (!*leaf) {
		struct mcr_object **made = calloc(MCR_TABLE_LEAF, sizeof(struct mcr_object *));

		if (!made)
			return NULL;
		__atomic_store_n(leaf, made, __ATOMIC_RELEASE);
	}
	return &(*leaf)[fd % MCR_TABLE_LEAF];
}

static void store(struct mcr_object **place, struct mcr_object *o)
{
	__atomic_store_n(place, o, __ATOMIC_RELEASE);
}

int mcr_table_name(int fd, struct mcr_object *o)
{
	struct mcr_object **place;

	lock_table();
	place = place_of(fd);
	if (place) {
		o->names++;
		o->fd = fd;
		store(place, o);
	}
	unlock_table();
	return place ? 0 : -ENOMEM;
}

void mcr_table_forget(int fd)
{
	struct mcr_object *o = mcr_table_find(fd);

	while (o && o != &own) {
		struct mcr_object *now;

		mcr_object_relock(o);
		now = mcr_table_find(fd);
		if (now == o) {
			lock_table();
			store(place_of(fd), NULL);
			unlock_table();
			o->names--;
			end_if_unused(o);
		}
		mcr_object_unlock(o);
		if (now == o)
			return;
		o = now;
	}
}

/* Takes memory that an object of this kind had and no longer has, or new memory. */
static struct mcr_object *take(enum mcr_object_kind kind, size_t size)
{
	struct mcr_object *o;

	for (o = all; o; o = o->next) {
		if (o->size != size || pthread_mutex_trylock(&o->lock) != 0)
			continue;
		if (o->kind == MCR_OBJECT_FREE)
			break;
		pthread_mutex_unlock(&o->lock);
	}
	if (!o) {
		o = calloc(1, size);
		if (!o)
			return NULL;
		pthread_mutex_init(&o->lock, NULL);
		pthread_mutex_lock(&o->lock);
		o->size = size;
		o->next = all;
		__atomic_store_n(&all, o, __ATOMIC_RELEASE);
	} else {
		memset(o + 1, 0, size - sizeof(*o));
	}
	o->kind = (uint8_t)kind;
	o->names = o->refs = 0;
	__atomic_store_n(&o->number, o->number + 1, __ATOMIC_RELAXED);
	return o;
}

static int is_of_kind(const struct mcr_object *o, enum mcr_object_kind kind)
{
	return o && __atomic_load_n(&o->kind, __ATOMIC_RELAXED) == kind;
}

struct mcr_object *mcr_object_make(int fd, enum mcr_object_kind kind, size_t size,
				   void (*end)(struct mcr_object *o))
{
	struct mcr_object *o, **place;

	mcr_signal_enter(); /* until the caller unlocks it */
	pthread_mutex_lock(&make_lock);
	o = take(kind, size);
	pthread_mutex_unlock(&make_lock);
	if (!o) {
		mcr_signal_leave();
		return NULL;
	}
	o->end = end;
	lock_table();
	place = place_of(fd);
	if (place && is_of_kind(*place, kind)) /* another thread was faster */
		place = NULL;
	if (place) {
		o->names = 1;
		o->fd = fd;
		store(place, o);
	}
	unlock_table();
	if (place)
		return o;
	o->kind = MCR_OBJECT_FREE;
	mcr_object_unlock(o);
	return NULL;
}

void mcr_table_each(enum mcr_object_kind kind, void (*visit)(struct mcr_object *o, void *ctx),
		    void *ctx)
{
	for (struct mcr_object *o = __atomic_load_n(&all, __ATOMIC_ACQUIRE); o; o = o->next) {
		mcr_object_relock(o);
		if (o->kind == kind)
			visit(o, ctx);
		mcr_object_unlock(o);
	}
}

/* ---- the library's own descriptors ---- */

int mcr_table_protect(int fd)
{
	struct mcr_object **place;

	lock_table();
	place = place_of(fd);
	if (place)
		store(place, &own);
	unlock_table();
	return place ? 0 : -ENOMEM;
}

void mcr_table_unprotect(int fd)
{
	lock_table();
	if (mcr_table_find(fd) == &own)
		store(place_of(fd), NULL);
	unlock_table();
}

int mcr_table_is_protected(int fd)
{
	return mcr_table_find(fd) == &own;
}

int mcr_table_own(int fd)
{
	struct rlimit limit;
	int from = FIRST_DESCRIPTOR, copy;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / 2 < FIRST_DESCRIPTOR)
		from = (int)(limit.rlim_cur / 2);
	copy = mcr_real.fcntl(fd, F_DUPFD_CLOEXEC, from);
	if (copy < 0)
		copy = mcr_real.fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy >= 0 && mcr_table_protect(copy) < 0) {
		mcr_real.close(copy);
		errno = ENOMEM;
		return -1;
	}
	return copy;
}

int mcr_table_take(int fd)
{
	int copy = fd < 0 ? -1 : mcr_table_own(fd);

	if (fd >= 0)
		mcr_real.close(fd);
	return copy;
}

void mcr_table_disown(int fd)
{
	mcr_table_unprotect(fd);
	mcr_real.close(fd);
}

int mcr_table_next(int from)
{
	int fd = from < 0 ? 0 : from;

	while (fd < MCR_TABLE_LEAF * MCR_TABLE_LEAVES) {
		if (mcr_table_find(fd))
			return fd;
		if (__atomic_load_n(&mcr_table[fd / MCR_TABLE_LEAF], __ATOMIC_ACQUIRE))
			fd++;
		else
			fd = (fd / MCR_TABLE_LEAF + 1) * MCR_TABLE_LEAF;
	}
	return -1;
}

/* ---- fork ---- */

/* Locks all objects, or none: a thread that holds one may wait for another. */
static int try_all(void)
{
	struct mcr_object *o, *held;

	for (o = all; o; o = o->next)
		if (pthread_mutex_trylock(&o->lock) != 0)
			break;
	if (!o)
		return 1;
	for (held = all; held != o; held = held->next)
		pthread_mutex_unlock(&held->lock);
	return 0;
}

void mcr_table_fork_begin(void)
{
	mcr_signal_enter();
	pthread_mutex_lock(&make_lock);
	while (!try_all())
		sched_yield();
}

void mcr_table_fork_lock(void)
{
	pthread_mutex_lock(&table_lock);
}

void mcr_table_fork_end(int is_child)
{
	pthread_mutex_unlock(&table_lock);
	for (struct mcr_object *o = all; o; o = o->next) {
		if (is_child)
			o->refs = 0; /* of threads that are not there */
		pthread_mutex_unlock(&o->lock);
	}
	pthread_mutex_unlock(&make_lock);
	mcr_signal_leave();
}
