/* SPDX-License-Identifier: BSD-3-Clause */
/* The flight recorder of one recording: it keeps the last so many octets of its channels, and
 * writes them to a file when something happens, with what comes for a while after.
 *
 * The watch's thread calls all that is declared here, and never waits but in create and destroy.
 * The recorder has a thread of its own that writes files, so a slow disk holds nobody up. What
 * there is no room for while the disk is slow, and what the watch itself missed, is a blind
 * stretch: counted, and named in the file.
 *
 * A file begins with what is in memory, less an eighth of it, which is room for what comes while it
 * is written. So two files may have the same packets: each stands for itself. One that has a limit
 * of its size leaves a quarter of that for what comes after the trigger. */
#ifndef MCR_WATCH_RECORDER_H
#define MCR_WATCH_RECORDER_H

#include <stdint.h>

#include <mcring/consumer.h>
#include <mcring/types.h>

#define RECORDER_INTERFACES_MAX 256
#define RECORDER_DIR_MAX        256
#define RECORDER_OCTETS_MIN     ((uint64_t)4 << 20)

struct recorder;

/* How a recording is set; texts of options say what each is. 0 is what the comment says. */
struct recorder_config {
	char name[MCR_NAME_MAX];
	char dir[RECORDER_DIR_MAX];
	uint64_t octets;          /* of memory, all included */
	uint64_t after_ns;        /* how long a file goes on behind its last trigger */
	uint64_t holdoff_ns;      /* from a file's end to the next one's trigger */
	uint32_t on;              /* bits of causes that trigger; an operator always does */
	uint32_t snaplen;         /* octets of payload; 0 = all */
	uint32_t files_max;       /* 0 = any number; the oldest of this recording go first */
	uint64_t file_octets_max; /* of one file; 0 = any size */
	uint64_t all_octets_max;  /* of all files of this recording; 0 = any size */
	int is_of_hw;             /* times in files are of the NIC or switch, where known */
	int is_continuous;        /* everything is written, in files of file_octets_max */
	uint32_t gid;             /* of the files, mode 0640; UINT32_MAX = nobody's: 0600 */
	const char *program;      /* "mcring-watch 1.0": wrote the files; borrowed for ever */
};

/* An interface of its files: a line, or what arrives by an interface of an engine and is of none.
 */
struct recorder_interface {
	char name[80];         /* "itch/A" or "mcring/feed-a" */
	char description[160]; /* "line A of feed itch: channel md of engine mcring, interface ..."
				*/
};

/* recorder_create allocates and touches all memory and starts the thread, which first finishes the
 * files that an end without warning left behind. Errors: -EINVAL (config), -ENOMEM, -ENOENT,
 * -ENOTDIR, -EACCES, -EPERM (gid: this user is not in it), -EBUSY (another recorder writes files
 * of this name there), or of a system call; err has the text. recorder_destroy writes what is
 * pending, and waits for it. */
int recorder_create(struct recorder **out, const struct recorder_config *config,
		    struct mcr_error *err);
void recorder_destroy(struct recorder *r);

/* recorder_interface makes an interface, or finds the one of this name. Returns its index, or
 * -ENOSPC. */
int recorder_interface(struct recorder *r, const struct recorder_interface *interface);

/* recorder_put keeps a message: a copy of its payload, which the caller has read whole. id: the
 * same for copies of one packet on several lines; 0 = unknown. Never waits. */
void recorder_put(struct recorder *r, const struct mcr_msg *m, const uint8_t *payload,
		  unsigned interface, uint64_t id);

/* recorder_blind: the watch itself missed so many messages (0 = unknown) on an interface
 * (UINT32_MAX = any) between two times. */
void recorder_blind(struct recorder *r, unsigned interface, uint64_t from_ns, uint64_t to_ns,
		    uint64_t messages);

/* Why a file is wanted. The texts are copied. */
struct recorder_cause {
	uint32_t bit;     /* as in config.on; 0 = an operator asks, whom no hold-off stops */
	uint64_t ns;      /* CLOCK_REALTIME of arrivals; 0 = now */
	const char *word; /* stands in the file's name: "gap", "snap" */
	const char *text; /* a line for a person */
};

enum recorder_answer {
	RECORDER_NOT_WANTED, /* this recording has no such trigger */
	RECORDER_BEGUN,      /* a file begins */
	RECORDER_JOINED,     /* a file is being written: this trigger is named in it, and it goes on
			      * for so much longer, to the limits of its size */
	RECORDER_HELD_OFF,   /* too soon after the last file: counted */
	RECORDER_FAILED,     /* recording has stopped */
};

/* recorder_trigger: something happened. The file that an operator will have is there as soon as
 * stats.answered reaches what stats.asked is after this call; stats.answer is its path then, or ""
 * with the reason in stats.error. With is_continuous an operator has the file end, after_ns later;
 * the others are only named in it. */
enum recorder_answer recorder_trigger(struct recorder *r, const struct recorder_cause *cause);

/* recorder_time tells the time of arrivals up to which all was put, 0 = unknown: call it each
 * round, and also when nothing comes. Files are put in order by it. A file whose end does not come
 * by this time ends by the host's clock, 2 s later. */
void recorder_time(struct recorder *r, uint64_t ns);

/* Counters since the start. triggers = files + joined + held_off + failed. Each message put is in
 * memory, was overwritten there as the oldest, or found no room. */
struct recorder_stats {
	uint64_t triggers, files, joined, held_off, failed;
	uint64_t whole, given_up; /* files, by how they ended */
	uint64_t asked, answered; /* files that were asked for, and those of them that ended */
	uint64_t put, put_octets; /* messages, and octets of their payload */
	uint64_t no_room;         /* of them, while the disk was slow */
	uint64_t blind, blind_messages; /* stretches, and what was missed in them: no_room, too */
	uint64_t unwritten; /* is_continuous: overwritten in memory while the disk was full */
	uint64_t written, written_octets;    /* messages in files, and the files' octets */
	uint64_t oldest_ns, newest_ns;       /* in memory */
	uint64_t dir_files, dir_octets;      /* of this recording, on the disk, whole */
	uint64_t leftovers;                  /* files that were finished at the start */
	int is_writing, is_stopped;          /* is_stopped: `error` says why */
	char file[RECORDER_DIR_MAX + 128];   /* the last that was finished; "" = none */
	char answer[RECORDER_DIR_MAX + 128]; /* number `answered`; "" = it could not be written */
	char error[160];
};

/* recorder_stats gives those of the writer's side as they were a moment ago, while it is changing
 * them. */
void recorder_stats(struct recorder *r, struct recorder_stats *out);

/* recorder_name gives the name that it was made with; owned by it. */
const char *recorder_name(const struct recorder *r);

/* recorder_memory: octets that such a recorder takes, for --check. */
uint64_t recorder_memory(const struct recorder_config *config);

#endif
