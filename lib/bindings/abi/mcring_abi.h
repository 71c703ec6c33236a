/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring's C interface, as tools read it: no macros but numbers, no attributes, no inline functions and no
 * include, ABI 2, mcring 0.1.0. Made by tools/abi from include/mcring, which say what it means.
 *
 * cffi takes it by cdef(), bindgen with `-- -include stdint.h -include stddef.h`. */
/* clang-format off */

/* mcring/types.h */
#define MCR_NAME_MAX 32
#define MCR_LABEL_MAX 32
struct mcr_error {
	char text[512];
};

/* mcring/address.h */
#define MCR_ADDRESS_TEXT 46
struct mcr_address {
	uint8_t octets[16];
};
int mcr_address_parse(struct mcr_address *out, const char *text, size_t len);
const char *mcr_address_format(char text[46], struct mcr_address address);

/* mcring/consumer.h */
#define MCR_ALL_RINGS 4294967295
#define MCR_TAKE_ROOM 65536
#define MCR_SELECT_MAX 65536
enum mcr_kind {
	MCR_DATA = 0,
	MCR_LOST = 1,
	MCR_LINK = 2,
	MCR_RESTART = 3,
	MCR_STALL = 4,
	MCR_ENGINE_STALL = 5,
};
enum mcr_msg_flags {
	MCR_FLAG_RX_TIME_TSC = 1,
	MCR_FLAG_CLOCK_STEP = 2,
	MCR_FLAG_HW_TIME = 4,
	MCR_FLAG_HW_TIME_SYNCED = 8,
	MCR_FLAG_LINK_UP = 16,
	MCR_FLAG_LINK_GONE = 32,
	MCR_FLAG_LATE = 64,
	MCR_FLAG_STALL_OVER = 128,
};
enum mcr_start {
	MCR_START_NEWEST = 0,
	MCR_START_OLDEST = 1,
	MCR_START_SEQ = 2,
};
enum mcr_order {
	MCR_ORDER_RINGS = 0,
	MCR_ORDER_MERGED = 1,
};
struct mcr_consumer;
struct mcr_pos {
	uint64_t epoch;
	uint64_t seq;
	uint32_t ring;
	uint32_t pad;
};
struct mcr_msg {
	const uint8_t *data;
	uint32_t len;
	uint16_t kind;
	uint16_t flags;
	struct mcr_pos pos;
	uint64_t rx_ns;
	uint64_t hw_ns;
	uint64_t offset;
	struct mcr_address group;
	struct mcr_address source;
	uint32_t id;
	uint16_t dst_port;
	uint16_t src_port;
	uint16_t vlan;
	uint16_t interface;
	uint8_t ttl;
	uint8_t traffic_class;
	uint8_t pad[2];
	union {
		uint64_t lost;
		uint64_t since_ns;
	};
	uint64_t reserved;
};
struct mcr_select_group {
	struct mcr_address group;
	uint16_t port;
};
struct mcr_consumer_opts {
	uint32_t size;
	uint32_t msg_size;
	const char *run_dir;
	const char *name;
	const char *channel;
	const char *label;
	int fd;
	uint32_t start;
	uint32_t ring;
	uint32_t order;
	uint64_t seq;
	const struct mcr_select_group *groups;
	const uint32_t *ids;
	size_t n_groups;
	size_t n_ids;
	uint64_t hold_ns;
	uint64_t stall_ns;
	uint64_t answer_ns;
	uint32_t no_wait;
	uint32_t pad;
};
struct mcr_consumer_interface {
	uint32_t size;
	uint32_t index;
	char name[32];
	struct mcr_address address;
	uint8_t prefix_len;
	uint8_t pad;
	uint16_t vlan;
	uint16_t dpdk_port;
	uint16_t pad2;
	char port[64];
	char netdev[16];
	char kernel[16];
};
struct mcr_consumer_ring {
	uint32_t size;
	uint32_t ring;
	uint64_t epoch;
	uint64_t oldest;
	uint64_t next;
	uint64_t head;
	uint64_t watermark_ns;
	uint64_t host_lost;
	uint64_t host_looked_ns;
};
struct mcr_hold;
int mcr_consumer_open(struct mcr_consumer **out, const struct mcr_consumer_opts *opts,
	struct mcr_error *err);
int mcr_consumer_poll(struct mcr_consumer *c, struct mcr_msg *msgs, int n);
int64_t mcr_consumer_read(struct mcr_consumer *c, const struct mcr_msg *m, void *buf,
	size_t cap);
int mcr_consumer_intact(const struct mcr_consumer *c, const struct mcr_msg *m);
void mcr_consumer_release(struct mcr_consumer *c);
int mcr_consumer_take(struct mcr_consumer *c, struct mcr_msg *msgs, int n, void *buf,
	size_t cap);
int mcr_consumer_reattach(struct mcr_consumer *c, struct mcr_error *err);
int mcr_consumer_cursor(struct mcr_consumer **out, struct mcr_consumer *c,
	const struct mcr_consumer_opts *opts, struct mcr_error *err);
int mcr_consumer_seek(struct mcr_consumer *c, uint32_t start);
int mcr_consumer_select(struct mcr_consumer *c, const struct mcr_select_group *groups,
	size_t n_groups, const uint32_t *ids, size_t n_ids, struct mcr_error *err);
uint64_t mcr_consumer_skipped(const struct mcr_consumer *c);
int mcr_consumer_wait(struct mcr_consumer *c, uint64_t timeout_ns);
int mcr_consumer_fd(const struct mcr_consumer *c);
int mcr_consumer_arm(struct mcr_consumer *c);
int mcr_consumer_join(struct mcr_consumer *c, const char *join, struct mcr_error *err);
int mcr_consumer_leave(struct mcr_consumer *c, const char *join, struct mcr_error *err);
int mcr_consumer_interface_info(struct mcr_consumer *c, uint32_t i,
	struct mcr_consumer_interface *out, struct mcr_error *err);
int mcr_consumer_ring_info(const struct mcr_consumer *c, uint32_t ring,
	struct mcr_consumer_ring *out, struct mcr_error *err);
uint64_t mcr_consumer_until(const struct mcr_consumer *c, uint32_t ring);
uint64_t mcr_consumer_headroom(const struct mcr_consumer *c);
uint32_t mcr_consumer_rings(const struct mcr_consumer *c);
int mcr_consumer_hold(struct mcr_hold **out, struct mcr_consumer *c);
void mcr_hold_release(struct mcr_hold *hold);
void mcr_consumer_close(struct mcr_consumer *c);

/* mcring/feed.h */
#define MCR_FEED_LINES_MAX 8
#define MCR_FEED_LEADS 32
enum mcr_feed_kind {
	MCR_FEED_DATA = 0,
	MCR_FEED_START = 1,
	MCR_FEED_GAP = 2,
	MCR_FEED_GAP_HOST = 3,
	MCR_FEED_FILLED_LATE = 4,
	MCR_FEED_RESET = 5,
	MCR_FEED_LINE_DOWN = 6,
	MCR_FEED_LINE_UP = 7,
	MCR_FEED_LINE_SWITCH = 8,
	MCR_FEED_SILENCE = 9,
	MCR_FEED_SILENCE_END = 10,
	MCR_FEED_MISMATCH = 11,
	MCR_FEED_END_OF_SESSION = 12,
	MCR_FEED_IMPLAUSIBLE = 13,
	MCR_FEED_KEYS_FULL = 14,
	MCR_FEED_CHANGED = 15,
	MCR_FEED_CYCLE = 16,
};
enum mcr_feed_gap_why {
	MCR_FEED_GAP_TIMEOUT = 1,
	MCR_FEED_GAP_PASSED = 2,
	MCR_FEED_GAP_WINDOW = 3,
	MCR_FEED_GAP_FLUSH = 4,
	MCR_FEED_GAP_OVERWRITTEN = 5,
};
enum mcr_feed_whose {
	MCR_FEED_WIRE = 1,
	MCR_FEED_HOST_MAYBE = 2,
	MCR_FEED_RING = 3,
};
enum mcr_feed_reset_why {
	MCR_FEED_RESET_EXPLICIT = 1,
	MCR_FEED_RESET_SESSION = 2,
	MCR_FEED_RESET_IMPLICIT = 3,
	MCR_FEED_RESET_RESUME = 4,
};
enum mcr_feed_down_why {
	MCR_FEED_DOWN_SILENT = 1,
	MCR_FEED_DOWN_NEVER = 2,
	MCR_FEED_DOWN_ENGINE = 3,
	MCR_FEED_DOWN_LINK = 4,
};
enum mcr_feed_msg_flags {
	MCR_FEED_FLAG_LATE = 1,
	MCR_FEED_FLAG_AFTER_GAP = 2,
	MCR_FEED_FLAG_HELD = 4,
	MCR_FEED_FLAG_INSERTED = 8,
	MCR_FEED_FLAG_DUPLICATE = 16,
	MCR_FEED_FLAG_OUT_OF_ORDER = 32,
	MCR_FEED_FLAG_UNSEQUENCED = 64,
};
enum mcr_feed_order {
	MCR_FEED_IN_ORDER = 0,
	MCR_FEED_AS_THEY_COME = 1,
};
struct mcr_feed;
struct mcr_feed_gap {
	uint64_t first;
	uint64_t last;
	uint64_t opened_ns;
	uint64_t declared_ns;
	uint64_t host_lost;
	uint32_t why;
	uint32_t whose;
};
struct mcr_feed_late {
	uint64_t first;
	uint64_t last;
};
struct mcr_feed_reset {
	uint64_t old_next;
	uint64_t new_next;
	uint32_t why;
	uint32_t pad;
};
struct mcr_feed_mismatch {
	uint64_t seq;
	uint32_t first_line;
	uint32_t pad;
};
struct mcr_feed_down {
	uint32_t why;
	uint32_t pad;
};
struct mcr_feed_msg {
	const struct mcr_msg *msg;
	uint64_t seq;
	uint32_t count;
	uint32_t skip;
	uint32_t key;
	uint8_t kind;
	uint8_t line;
	uint16_t flags;
	uint64_t held;
	uint64_t ns;
	union {
		struct mcr_feed_gap gap;
		struct mcr_feed_late late;
		struct mcr_feed_reset reset;
		struct mcr_feed_mismatch mismatch;
		struct mcr_feed_down down;
	};
};
struct mcr_feed_opts {
	uint32_t size;
	uint32_t msg_size;
	const char *feed;
	const char *config;
	const char *run_dir;
	const char *name;
	const char *label;
	uint32_t order;
	uint32_t late;
	uint32_t compare;
	uint32_t hold_on_gap;
	uint32_t unsequenced;
	uint32_t events;
	uint32_t held_max;
	uint32_t keys_max;
	uint64_t arena_bytes;
	uint64_t gap_timeout_ns;
	uint64_t start_seq;
	uint32_t start;
	uint32_t pad;
};
struct mcr_feed_key {
	uint32_t size;
	uint32_t key;
	uint64_t next;
	uint64_t hole_ns;
	uint64_t scope[2];
	uint64_t epoch[2];
	uint64_t resets;
	uint64_t gaps;
	uint64_t gap_messages;
	uint64_t late_messages;
	char text[64];
};
struct mcr_feed_line {
	uint32_t size;
	uint32_t line;
	char name[32];
	uint32_t is_up;
	uint32_t was_heard;
	uint64_t last_ns;
	uint64_t packets;
	uint64_t bytes;
	uint64_t heartbeats;
	uint64_t first;
	uint64_t duplicates;
	uint64_t mismatches;
	uint64_t late;
	uint64_t out_of_order;
	uint64_t stale;
	uint64_t before_start;
	uint64_t implausible;
	uint64_t malformed;
	uint64_t unsequenced;
	uint64_t not_tracked;
	uint64_t ended;
	uint64_t lost;
	uint64_t unsettled;
	uint64_t ring_lost;
	uint64_t behind[32];
	uint64_t behind_max_ns;
	uint64_t filled;
};
struct mcr_feed_stats {
	uint32_t size;
	uint32_t lines;
	uint32_t keys;
	uint32_t held;
	uint64_t packets;
	uint64_t messages;
	uint64_t gaps_opened;
	uint64_t gaps_filled;
	uint64_t gaps;
	uint64_t gap_messages;
	uint64_t late_messages;
	uint64_t resets;
	uint64_t cycles;
	uint64_t switches;
	uint64_t mismatches;
	uint64_t not_comparable;
	uint64_t silences;
	uint64_t keys_refused;
	uint64_t held_copied;
	uint64_t held_lost;
	uint64_t time_ns;
	uint64_t digest;
};
int mcr_feed_open(struct mcr_feed **out, const struct mcr_feed_opts *opts,
	struct mcr_error *err);
int mcr_feed_poll(struct mcr_feed *f, struct mcr_feed_msg *msgs, int n);
int64_t mcr_feed_read(struct mcr_feed *f, const struct mcr_feed_msg *m, void *buf, size_t cap);
int mcr_feed_intact(const struct mcr_feed *f, const struct mcr_feed_msg *m);
void mcr_feed_release(struct mcr_feed *f);
int mcr_feed_take(struct mcr_feed *f, struct mcr_feed_msg *items, struct mcr_msg *msgs, int n,
	void *buf, size_t cap);
int mcr_feed_wait(struct mcr_feed *f, uint64_t timeout_ns);
int mcr_feed_fd(const struct mcr_feed *f);
int mcr_feed_arm(struct mcr_feed *f);
int mcr_feed_reattach(struct mcr_feed *f, struct mcr_error *err);
uint64_t mcr_feed_wire(const struct mcr_feed *f, uint64_t seq);
int mcr_feed_insert(struct mcr_feed *f, uint32_t key, uint64_t seq, uint32_t count,
	const void *data, size_t len);
int mcr_feed_resume(struct mcr_feed *f, uint32_t key, uint64_t next);
int mcr_feed_key_info(const struct mcr_feed *f, uint32_t key, struct mcr_feed_key *out);
int mcr_feed_line_info(const struct mcr_feed *f, uint32_t line, struct mcr_feed_line *out);
int mcr_feed_stats_info(const struct mcr_feed *f, struct mcr_feed_stats *out);
const char *mcr_feed_config_text(const struct mcr_feed *f);
void mcr_feed_close(struct mcr_feed *f);

/* mcring/receive.h */
#define MCR_FLAG_KERNEL 32768
#define MCR_RECEIVE_NO_INTERFACE 65535
enum mcr_receive_kind {
	MCR_RECEIVE_ENGINE = 64,
	MCR_RECEIVE_KERNEL = 65,
	MCR_RECEIVE_NOWHERE = 66,
	MCR_RECEIVE_IDLE = 67,
};
enum mcr_receive_fallback {
	MCR_RECEIVE_AUTO = 0,
	MCR_RECEIVE_ALWAYS = 1,
	MCR_RECEIVE_NEVER = 2,
};
struct mcr_receive_opts {
	uint32_t size;
	uint32_t msg_size;
	const char * const *joins;
	size_t n_joins;
	const char *run_dir;
	const char *name;
	const char *label;
	const char *channel;
	uint32_t fallback;
	uint32_t buffer_bytes;
	uint64_t spin_ns;
	uint64_t idle_ns;
};
int mcr_receive(const struct mcr_receive_opts *opts, int (*fn)(void *ctx,
	const struct mcr_msg *m, const void *payload), void *ctx, struct mcr_error *err);
