/* SPDX-License-Identifier: BSD-3-Clause */
/* A consumer's descriptor in an io_uring, by system calls: no library is needed for two of them. */
#include "small_engine.h"

#include <linux/io_uring.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>

struct ring {
	int fd;
	struct io_uring_params params;
	uint8_t *sq, *cq;
	struct io_uring_sqe *sqes;
};

/* Returns 0, or -errno: this kernel or this container has none. */
static int ring_open(struct ring *r)
{
	memset(r, 0, sizeof(*r));
	r->fd = (int)syscall(SYS_io_uring_setup, 4, &r->params);
	if (r->fd < 0)
		return -errno;
	r->sq = mmap(NULL, r->params.sq_off.array + 4 * sizeof(uint32_t), PROT_READ | PROT_WRITE,
		     MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
	r->cq = mmap(NULL, r->params.cq_off.cqes + 8 * sizeof(struct io_uring_cqe),
		     PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_CQ_RING);
	r->sqes = mmap(NULL, 4 * sizeof(*r->sqes), PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		       IORING_OFF_SQES);
	assert_true(r->sq != MAP_FAILED && r->cq != MAP_FAILED && r->sqes != MAP_FAILED);
	return 0;
}

static uint32_t *at(uint8_t *ring, uint32_t offset)
{
	return (uint32_t *)(void *)(ring + offset);
}

/* IORING_OP_POLL_ADD of one descriptor for reading. */
static void submit_poll(struct ring *r, int fd)
{
	uint32_t tail = *at(r->sq, r->params.sq_off.tail);
	uint32_t i = tail & *at(r->sq, r->params.sq_off.ring_mask);

	memset(&r->sqes[i], 0, sizeof(r->sqes[i]));
	r->sqes[i].opcode = IORING_OP_POLL_ADD;
	r->sqes[i].fd = fd;
	r->sqes[i].poll32_events = POLLIN;
	at(r->sq, r->params.sq_off.array)[i] = i;
	__atomic_store_n(at(r->sq, r->params.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
	assert_int_equal(syscall(SYS_io_uring_enter, r->fd, 1, 0, 0, NULL, 0), 1);
}

/* Takes a completion that has come within so long. Returns 1, or 0. */
static int is_completed(struct ring *r, int ms)
{
	struct pollfd p = {.fd = r->fd, .events = POLLIN};
	uint32_t *head = at(r->cq, r->params.cq_off.head);

	if (poll(&p, 1, ms) == 0)
		return 0;
	assert_true(*head != __atomic_load_n(at(r->cq, r->params.cq_off.tail), __ATOMIC_ACQUIRE));
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return 1;
}

static void a_poll_in_the_ring_ends_with_a_message_and_with_the_next_engine(void **state)
{
	const struct mcr_attach_config attach = {.mode = 0600, .gid = UINT32_MAX};
	const struct mcr_channel_config md = {.name = "md", .bytes = 4096};
	struct small_engine e;
	struct mcr_error err;
	struct mcr_msg msg;
	struct ring r;

	if (ring_open(&r) < 0) {
		printf("skipped: io_uring is not to be had here\n");
		skip();
	}
	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	for (int i = 0; i < 3; i++) {
		assert_int_equal(mcr_consumer_arm(c), 0);
		submit_poll(&r, mcr_consumer_fd(c));
		assert_int_equal(is_completed(&r, 10), 0);
		small_engine_publish_seqs(&e, 0, 1);
		assert_int_equal(is_completed(&r, 20000), 1);
		assert_int_equal(mcr_consumer_poll(c, &msg, 1), 1);
	}
	small_engine_kill(&e);
	assert_int_equal(mcr_consumer_reattach(c, &err), -ENOENT);
	submit_poll(&r, mcr_consumer_fd(c));
	assert_int_equal(is_completed(&r, 10), 0);
	small_engine_start(&e, &attach, &md, 1, 4712);
	while (mcr_consumer_reattach(c, &err) != 0) {
		assert_int_equal(is_completed(&r, 900), 1);
		submit_poll(&r, mcr_consumer_fd(c));
	}
	close(r.fd);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_poll_in_the_ring_ends_with_a_message_and_with_the_next_engine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
