/* SPDX-License-Identifier: BSD-3-Clause */
/* The variable's value is words: the format and the mode, then for each socket
 *     s:INODE:ALL4:ALL6               (the program's IP_MULTICAST_ALL, IPV6_MULTICAST_ALL)
 * and behind it its memberships on the engine, as the program named the interface
 *     j:4|6:IFINDEX:ADDRESS:x|i,GROUP[,SOURCE]...
 * Memberships of the kernel's need no word: they are still there. */
#include "socket/inherit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "socket/calls.h"
#include "socket/kernel_join.h"
#include "socket/membership.h"
#include "socket/real.h"
#include "socket/settings.h"
#include "socket/socket.h"

#define FORMAT          "1"
#define DESCRIPTORS_MAX 65536 /* those looked at for inherited sockets */

/* A socket that was inherited and that nobody has used yet. */
struct heir {
	struct mcr_object object;
	char *text; /* its words */
};

/* ---- describing ---- */

struct writer {
	char *text;
	size_t cap, len;
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *w, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(w->len < w->cap ? w->text + w->len : NULL,
		      w->len < w->cap ? w->cap - w->len : 0, format, args);
	va_end(args);
	w->len += n > 0 ? (size_t)n : 0;
}

static void put_address(struct writer *w, char before, struct mcr_address address)
{
	char text[MCR_ADDRESS_TEXT];

	put(w, "%c%s", before, mcr_address_format(text, address));
}

static void put_membership(struct writer *w, const struct mcr_joined *j)
{
	if (!mcr_membership_is_live(&j->m) || mcr_membership_is_mute(&j->m) ||
	    j->m.where == MCR_MEMBERSHIP_KERNEL)
		return;
	put(w, " j:%d:%u:%x:%c", j->is_ipv4 ? 4 : 6, j->asked.ifindex, j->asked.address_be,
	    j->m.is_exclude ? 'x' : 'i');
	put_address(w, ',', j->m.group);
	for (uint32_t i = 0; i < j->m.n_sources; i++)
		put_address(w, ',', j->m.sources[i]);
}

static void put_socket(struct writer *w, const struct mcr_socket *s)
{
	put(w, " s:%llu:%d:%d", (unsigned long long)s->inode, s->all_ipv4, s->all_ipv6);
	for (struct mcr_membership *m = s->memberships; m; m = m->next)
		put_membership(w, mcr_joined_of(m));
}

static int is_inherited(int fd, int is_any)
{
	int flags;

	if (mcr_table_is_protected(fd))
		return 0;
	if (is_any)
		return 1;
	flags = mcr_real.fcntl(fd, F_GETFD);
	return flags >= 0 && !(flags & FD_CLOEXEC);
}

/* Whether a lower descriptor that is inherited means the same object. */
static int is_repeated(int fd, int is_any)
{
	for (int lower = mcr_table_next(0); lower < fd; lower = mcr_table_next(lower + 1))
		if (mcr_table_find(lower) == mcr_table_find(fd) && is_inherited(lower, is_any))
			return 1;
	return 0;
}

static void put_descriptor(struct writer *w, int fd)
{
	struct mcr_object *o = mcr_object_lock(fd, MCR_OBJECT_SOCKET);

	if (o) {
		put_socket(w, mcr_socket_of(o));
		mcr_object_unlock(o);
		return;
	}
	o = mcr_object_lock(fd, MCR_OBJECT_HEIR);
	if (o) {
		put(w, " %s", ((struct heir *)o)->text);
		mcr_object_unlock(o);
	}
}

size_t mcr_inherit_describe(char *text, size_t cap, int is_eager, int is_any)
{
	struct writer w = {.text = text, .cap = cap};

	put(&w, FORMAT " %s", is_eager ? "now" : "later");
	for (int fd = mcr_table_next(0); fd >= 0; fd = mcr_table_next(fd + 1))
		if (is_inherited(fd, is_any) && !is_repeated(fd, is_any))
			put_descriptor(&w, fd);
	return w.len;
}

int mcr_inherit_is_needed(int is_any)
{
	for (int fd = mcr_table_next(0); fd >= 0; fd = mcr_table_next(fd + 1)) {
		struct mcr_object *o = mcr_table_find(fd);
		int kind = o ? __atomic_load_n(&o->kind, __ATOMIC_RELAXED) : MCR_OBJECT_FREE;

		if ((kind == MCR_OBJECT_SOCKET || kind == MCR_OBJECT_HEIR) &&
		    is_inherited(fd, is_any))
			return 1;
	}
	return 0;
}

/* ---- joining again, by the calls that a program makes ---- */

struct word {
	int is_ipv4, is_exclude;
	unsigned ifindex;
	uint32_t address_be;
	struct mcr_address group;
};

static int join(int fd, const struct word *w)
{
	struct ip_mreqn mreq = {.imr_address.s_addr = w->address_be,
				.imr_ifindex = (int)w->ifindex};
	struct ipv6_mreq mreq6 = {.ipv6mr_interface = w->ifindex};

	if (w->is_ipv4) {
		mreq.imr_multiaddr.s_addr = mcr_address_ipv4_be(w->group);
		return mcr_sock_setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq));
	}
	memcpy(&mreq6.ipv6mr_multiaddr, w->group.octets, sizeof(w->group));
	return mcr_sock_setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &mreq6, sizeof(mreq6));
}

/* By address only the older call names an interface. */
static int add_source(int fd, const struct word *w, struct mcr_address source)
{
	struct ip_mreq_source mreq = {.imr_interface.s_addr = w->address_be};
	struct group_source_req req = {.gsr_interface = w->ifindex};

	if (w->is_ipv4 && w->ifindex == 0) {
		mreq.imr_multiaddr.s_addr = mcr_address_ipv4_be(w->group);
		mreq.imr_sourceaddr.s_addr = mcr_address_ipv4_be(source);
		return mcr_sock_setsockopt(
		    fd, IPPROTO_IP, w->is_exclude ? IP_BLOCK_SOURCE : IP_ADD_SOURCE_MEMBERSHIP,
		    &mreq, sizeof(mreq));
	}
	mcr_kernel_address(&req.gsr_group, w->group, w->is_ipv4);
	mcr_kernel_address(&req.gsr_source, source, w->is_ipv4);
	return mcr_sock_setsockopt(fd, w->is_ipv4 ? IPPROTO_IP : IPPROTO_IPV6,
				   w->is_exclude ? MCAST_BLOCK_SOURCE : MCAST_JOIN_SOURCE_GROUP,
				   &req, sizeof(req));
}

static int read_address(struct mcr_address *out, const char *text)
{
	return mcr_address_parse(out, text, strlen(text)) == 0;
}

/* Returns 0, or -1 with errno: EBADMSG for a word that makes no sense. */
static int join_word(int fd, char *text)
{
	char *rest = strchr(text, ','), mode, end;
	struct mcr_address source;
	struct word w = {0};
	int family, ret = 0;

	errno = EBADMSG;
	if (!rest)
		return -1;
	*rest++ = '\0';
	if (sscanf(text, "j:%d:%u:%x:%c%c", &family, &w.ifindex, &w.address_be, &mode, &end) != 4)
		return -1;
	w.is_ipv4 = family == 4;
	w.is_exclude = mode == 'x';
	if (!read_address(&w.group, strsep(&rest, ",")))
		return -1;
	if (w.is_exclude)
		ret = join(fd, &w);
	while (ret == 0 && rest) {
		errno = EBADMSG;
		ret = read_address(&source, strsep(&rest, ",")) ? add_source(fd, &w, source) : -1;
	}
	return ret;
}

/* The words of one socket, which this changes. */
static void join_words(int fd, char *text)
{
	int all[2] = {1, 1};
	char *word = strsep(&text, " ");

	if (sscanf(word, "s:%*u:%d:%d", &all[0], &all[1]) != 2)
		return;
	mcr_real.setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &all[0], sizeof(all[0]));
	mcr_real.setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &all[1], sizeof(all[1]));
	while ((word = strsep(&text, " ")))
		if (join_word(fd, word) < 0)
			mcr_log("inherited: %.100s: %s", word, strerror(errno));
}

/* ---- heirs ---- */

static void end(struct mcr_object *o)
{
	free(((struct heir *)o)->text);
}

static void name_too(int fd, int other)
{
	struct mcr_object *o = mcr_object_lock(fd, MCR_OBJECT_SOCKET);

	if (!o)
		return;
	mcr_table_name(other, o);
	mcr_object_unlock(o);
}

/* revive makes a descriptor's heir a socket of ours again. Returns 1; 0: it is none. */
static int revive(int fd)
{
	struct mcr_object *o = mcr_object_lock(fd, MCR_OBJECT_HEIR);
	int saved = errno, others[16], n = 0;
	char *text;

	if (!o)
		return 0;
	text = ((struct heir *)o)->text;
	((struct heir *)o)->text = NULL;
	mcr_object_ref(o);
	mcr_object_unlock(o);
	for (int other = mcr_table_next(0); other >= 0; other = mcr_table_next(other + 1)) {
		if (mcr_table_find(other) != o)
			continue;
		mcr_table_forget(other);
		if (other != fd && n < (int)(sizeof(others) / sizeof(others[0])))
			others[n++] = other;
	}
	mcr_object_relock(o);
	mcr_object_unref(o);
	if (text) {
		join_words(fd, text);
		for (int i = 0; i < n; i++)
			name_too(fd, others[i]);
	}
	free(text);
	errno = saved;
	return text != NULL;
}

static void make_heir(int fd, const char *text, size_t len)
{
	struct mcr_object *o;
	char *copy = strndup(text, len);

	o = copy ? mcr_object_make(fd, MCR_OBJECT_HEIR, sizeof(struct heir), end) : NULL;
	if (!o) {
		free(copy);
		return;
	}
	((struct heir *)o)->text = copy;
	mcr_object_unlock(o);
}

/* Finds the descriptors of an inode: sockets only, and of UDP. The first becomes the heir, the
 * others mean the same. */
static void find_heir(unsigned long long inode, const char *text, size_t len)
{
	struct rlimit limit = {.rlim_cur = 1024};
	int first = -1;

	getrlimit(RLIMIT_NOFILE, &limit);
	for (int fd = 0; fd < DESCRIPTORS_MAX && (rlim_t)fd < limit.rlim_cur; fd++) {
		struct stat st;
		struct mcr_object *o;

		if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) || st.st_ino != inode ||
		    mcr_table_find(fd) || mcr_socket_family(fd) == 0)
			continue;
		if (first < 0) {
			make_heir(fd, text, len);
			first = fd;
		} else if ((o = mcr_object_lock(first, MCR_OBJECT_HEIR))) {
			mcr_table_name(fd, o);
			mcr_object_unlock(o);
		}
	}
}

static void revive_all(void)
{
	for (int fd = mcr_table_next(0); fd >= 0; fd = mcr_table_next(fd + 1))
		revive(fd);
}

/* Returns 0 if the text makes no sense. */
static int take(const char *text)
{
	int is_eager = strncmp(text, FORMAT " now", sizeof(FORMAT " now") - 1) == 0;

	if (!is_eager && strncmp(text, FORMAT " later", sizeof(FORMAT " later") - 1) != 0)
		return 0;
	for (const char *next; (text = strstr(text, " s:")); text = next) {
		unsigned long long inode;

		text++;
		next = strstr(text, " s:");
		if (!next)
			next = text + strlen(text);
		if (sscanf(text, "s:%llu:", &inode) != 1)
			return 0;
		find_heir(inode, text, (size_t)(next - text));
	}
	mcr_socket_revive = revive;
	if (is_eager)
		revive_all();
	return 1;
}

void mcr_inherit_take(void)
{
	const char *text = getenv(MCR_INHERIT_VARIABLE);
	int saved = errno;

	if (!text)
		return;
	if (!getauxval(AT_SECURE) && !take(text))
		mcr_log(MCR_INHERIT_VARIABLE ": makes no sense");
	unsetenv(MCR_INHERIT_VARIABLE);
	errno = saved;
}
