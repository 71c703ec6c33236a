/* SPDX-License-Identifier: BSD-3-Clause */
/* The objects behind descriptors: sockets that have joined a group, and epoll sets that such a
 * socket is in. Descriptors that were dup'ed mean one object. A look-up takes no lock, and that is
 * all that a descriptor which is not ours costs. */
#ifndef MCR_SOCKET_TABLE_H
#define MCR_SOCKET_TABLE_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "socket/signals.h"

enum mcr_object_kind {
	MCR_OBJECT_FREE,
	MCR_OBJECT_SOCKET, /* struct mcr_socket */
	MCR_OBJECT_SET,    /* struct mcr_set */
	MCR_OBJECT_HEIR,   /* a socket that was inherited and not used yet (inherit.c) */
};

/* The first member of both. Its memory is never given back, only used again for an object of the
 * same kind, so a pointer that was just read from the table may always be locked. */
struct mcr_object {
	pthread_mutex_t lock; /* held for a moment only, never while its holder sleeps */
	uint8_t kind;         /* enum mcr_object_kind; changes under the lock */
	uint32_t names;       /* descriptors that mean it ... */
	int fd;               /* ... and the newest of them */
	uint32_t refs;        /* calls that use it while they do not hold the lock, and sets */
	uint32_t number;      /* of this use of the memory: grows */
	void (*end)(struct mcr_object *o);
	size_t size;
	struct mcr_object *next; /* of all that were ever made */
};

#define MCR_TABLE_LEAF   1024
#define MCR_TABLE_LEAVES 1024 /* so a descriptor beyond 1,048,575 is never ours */

extern struct mcr_object **mcr_table[MCR_TABLE_LEAVES];

/* mcr_table_find returns what the descriptor means, or NULL. It may mean something else right
 * after. */
static inline struct mcr_object *mcr_table_find(int fd)
{
	struct mcr_object **leaf;

	if ((unsigned)fd >= MCR_TABLE_LEAF * MCR_TABLE_LEAVES)
		return NULL;
	leaf = __atomic_load_n(&mcr_table[fd / MCR_TABLE_LEAF], __ATOMIC_ACQUIRE);
	return leaf ? __atomic_load_n(&leaf[fd % MCR_TABLE_LEAF], __ATOMIC_ACQUIRE) : NULL;
}

/* mcr_object_lock returns the object of a descriptor, locked, if it is of this kind; else NULL.
 * Until mcr_object_unlock the thread's signal handlers wait. */
struct mcr_object *mcr_object_lock(int fd, enum mcr_object_kind kind);

/* mcr_object_relock locks an object that the caller has a reference to. */
void mcr_object_relock(struct mcr_object *o);
void mcr_object_unlock(struct mcr_object *o);

/* mcr_object_ref and mcr_object_unref count references; the caller holds the lock. With the last
 * reference and the last name the object ends, and mcr_object_unref unlocks it in any case. */
void mcr_object_ref(struct mcr_object *o);
void mcr_object_unref(struct mcr_object *o);

/* mcr_object_make returns a new object of so many octets, locked, with one name: fd. All but its
 * first member is 0. end is called, with the lock, when the last name and reference are gone.
 * Errors: NULL (no memory, or fd means one of this kind by now). */
struct mcr_object *mcr_object_make(int fd, enum mcr_object_kind kind, size_t size,
				   void (*end)(struct mcr_object *o));

/* mcr_table_name makes another descriptor mean an object, which the caller has locked. Whatever it
 * meant must have been forgotten. Errors: -ENOMEM. */
int mcr_table_name(int fd, struct mcr_object *o);

/* mcr_table_forget: the descriptor is about to be closed or to mean something else. */
void mcr_table_forget(int fd);

/* mcr_table_each calls visit with each object of a kind, locked. */
void mcr_table_each(enum mcr_object_kind kind, void (*visit)(struct mcr_object *o, void *ctx),
		    void *ctx);

/* mcr_table_protect keeps a descriptor of the library's own from a program that closes what it did
 * not open, until mcr_table_unprotect. mcr_table_is_protected: whether this is one. */
int mcr_table_protect(int fd); /* -ENOMEM */
void mcr_table_unprotect(int fd);
int mcr_table_is_protected(int fd);

/* mcr_table_own makes a copy of a descriptor that is the library's own: close-on-exec, protected,
 * under a number that the program does not count on. mcr_table_take puts it in place of the
 * descriptor, which may be -1: then it does nothing. Both return it, or -1 with errno.
 * mcr_table_disown closes it. */
int mcr_table_own(int fd);
int mcr_table_take(int fd);
void mcr_table_disown(int fd);

/* mcr_table_next returns the lowest descriptor from `from` on that means an object or is protected;
 * -1: none. */
int mcr_table_next(int from);

/* Around fork, so that the child finds no lock taken: first all objects, last the table. What is
 * locked by who holds an object and locks the table itself comes in between. */
void mcr_table_fork_begin(void);
void mcr_table_fork_lock(void);
void mcr_table_fork_end(int is_child);

#endif
