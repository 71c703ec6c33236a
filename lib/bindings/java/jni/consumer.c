/* SPDX-License-Identifier: BSD-3-Clause */
/* net.mcring.Consumer. */
#include <mcring/consumer.h>

#include "glue.h"

#define CONSUMER(address) MCR_JAVA_POINTER(struct mcr_consumer, address)

static void set_selection(JNIEnv *env, struct mcr_consumer_opts *opts, jobject groups,
			  jint n_groups, jobject ids, jint n_ids)
{
	opts->groups = mcr_java_memory(env, groups);
	opts->n_groups = (size_t)n_groups;
	opts->ids = mcr_java_memory(env, ids);
	opts->n_ids = (size_t)n_ids;
}

JNIEXPORT jlong JNICALL Java_net_mcring_Native_consumerOpen(JNIEnv *env, jclass class,
							    jobject struct_opts, jbyteArray run_dir,
							    jbyteArray name, jbyteArray channel,
							    jbyteArray label, jobject groups,
							    jint n_groups, jobject ids, jint n_ids)
{
	struct mcr_consumer_opts opts =
	    *(const struct mcr_consumer_opts *)mcr_java_memory(env, struct_opts);
	struct mcr_consumer *c = NULL;
	struct mcr_error err = {""};
	int ret = -ENOMEM;

	set_selection(env, &opts, groups, n_groups, ids, n_ids);
	opts.run_dir = mcr_java_text_begin(env, run_dir);
	opts.name = mcr_java_text_begin(env, name);
	opts.channel = mcr_java_text_begin(env, channel);
	opts.label = mcr_java_text_begin(env, label);
	if (!(*env)->ExceptionCheck(env))
		ret = mcr_consumer_open(&c, &opts, &err);
	mcr_java_text_end(env, run_dir, opts.run_dir);
	mcr_java_text_end(env, name, opts.name);
	mcr_java_text_end(env, channel, opts.channel);
	mcr_java_text_end(env, label, opts.label);
	mcr_java_check(env, ret, &err);
	return (jlong)(intptr_t)c;
}

JNIEXPORT jlong JNICALL Java_net_mcring_Native_consumerCursor(JNIEnv *env, jclass class, jlong c,
							      jobject struct_opts, jobject groups,
							      jint n_groups, jobject ids,
							      jint n_ids)
{
	struct mcr_consumer_opts opts =
	    *(const struct mcr_consumer_opts *)mcr_java_memory(env, struct_opts);
	struct mcr_consumer *cursor = NULL;
	struct mcr_error err = {""};

	set_selection(env, &opts, groups, n_groups, ids, n_ids);
	mcr_java_check(env, mcr_consumer_cursor(&cursor, CONSUMER(c), &opts, &err), &err);
	return (jlong)(intptr_t)cursor;
}

JNIEXPORT jint JNICALL Java_net_mcring_Native_consumerPoll(JNIEnv *env, jclass class, jlong c,
							   jobject msgs, jint n)
{
	return mcr_java_polled(env, mcr_consumer_poll(CONSUMER(c), mcr_java_memory(env, msgs), n));
}

JNIEXPORT jint JNICALL Java_net_mcring_Native_consumerTake(JNIEnv *env, jclass class, jlong c,
							   jobject msgs, jint n, jobject octets)
{
	void *const buf = mcr_java_memory(env, octets);
	const size_t cap = (size_t)(*env)->GetDirectBufferCapacity(env, octets);

	return mcr_java_polled(
	    env, mcr_consumer_take(CONSUMER(c), mcr_java_memory(env, msgs), n, buf, cap));
}

JNIEXPORT jint JNICALL Java_net_mcring_Native_consumerRead(JNIEnv *env, jclass class, jlong c,
							   jlong msg, jobject direct,
							   jbyteArray array, jint at, jint end)
{
	const struct mcr_msg *m = MCR_JAVA_POINTER(const struct mcr_msg, msg);
	int64_t ret = -EINVAL;

	if (m->kind == MCR_DATA) {
		uint8_t *octets = mcr_java_octets_begin(env, direct, array);

		ret = -ENOMEM;
		if (octets) {
			ret = mcr_consumer_read(CONSUMER(c), m, octets + at,
						mcr_java_octets_between(at, end));
			mcr_java_octets_end(env, array, octets);
		}
	}
	if (ret < 0 && ret != -ESTALE)
		mcr_java_throw(env, ret, NULL);
	return ret < 0 ? -1 : (jint)ret;
}

JNIEXPORT jboolean JNICALL Java_net_mcring_Native_consumerIntact(JNIEnv *env, jclass class, jlong c,
								 jlongArray msg)
{
	struct mcr_msg m;

	(*env)->GetLongArrayRegion(env, msg, 0, sizeof(m) / sizeof(jlong), (jlong *)&m);
	return mcr_consumer_intact(CONSUMER(c), &m) == 1;
}

JNIEXPORT jlong JNICALL Java_net_mcring_Native_consumerHold(JNIEnv *env, jclass class, jlong c)
{
	struct mcr_hold *hold = NULL;

	mcr_java_check(env, mcr_consumer_hold(&hold, CONSUMER(c)), NULL);
	return (jlong)(intptr_t)hold;
}

JNIEXPORT void JNICALL Java_net_mcring_Native_holdRelease(JNIEnv *env, jclass class, jlong hold)
{
	mcr_hold_release(MCR_JAVA_POINTER(struct mcr_hold, hold));
}

JNIEXPORT void JNICALL Java_net_mcring_Native_consumerRelease(JNIEnv *env, jclass class, jlong c)
{
	mcr_consumer_release(CONSUMER(c));
}

JNIEXPORT void JNICALL Java_net_mcring_Native_consumerReattach(JNIEnv *env, jclass class, jlong c)
{
	struct mcr_error err = {""};

	mcr_java_check(env, mcr_consumer_reattach(CONSUMER(c), &err), &err);
}

JNIEXPORT void JNICALL Java_net_mcring_Native_consumerSeek(JNIEnv *env, jclass class, jlong c,
							   jint start)
{
	mcr_java_check(env, mcr_consumer_seek(CONSUMER(c), (uint32_t)start), NULL);
}

JNIEXPORT void JNICALL Java_net_mcring_Native_consumerSelect(JNIEnv *env, jclass class, jlong c,
							     jobject groups, jint n_groups,
							     jobject ids, jint n_ids)
{
	struct mcr_error err = {""};
	int ret = mcr_consumer_select(CONSUMER(c), mcr_java_memory(env, groups), (size_t)n_groups,
				      mcr_java_memory(env, ids), (size_t)n_ids, &err);

	mcr_java_check(env, ret, &err);
}

JNIEXPORT jlong JNICALL Java_net_mcring_Native_consumerSkipped(JNIEnv *env, jclass class, jlong c)
{
	return (jlong)mcr_consumer_skipped(CONSUMER(c));
}

JNIEXPORT jint JNICALL Java_net_mcring_Native_consumerWait(JNIEnv *env, jclass class, jlong c,
							   jlong ns)
{
	return mcr_java_slept(env, mcr_consumer_wait(CONSUMER(c), (uint64_t)ns));
}

JNIEXPORT jint JNICALL Java_net_mcring_Native_consumerFd(JNIEnv *env, jclass class, jlong c)
{
	const int fd = mcr_consumer_fd(CONSUMER(c));

	mcr_java_check(env, fd, NULL);
	return fd;
}

JNIEXPORT jint JNICALL Java_net_mcring_Native_consumerArm(JNIEnv *env, jclass class, jlong c)
{
	const int ret = mcr_consumer_arm(CONSUMER(c));

	mcr_java_check(env, ret, NULL);
	return ret;
}

static void change_joins(JNIEnv *env, jlong c, jbyteArray text,
			 int (*change)(struct mcr_consumer *, const char *, struct mcr_error *))
{
	const char *join = mcr_java_text_begin(env, text);
	struct mcr_error err = {""};
	int ret = join ? change(CONSUMER(c), join, &err) : -ENOMEM;

	mcr_java_text_end(env, text, join);
	mcr_java_check(env, ret, &err);
}

JNIEXPORT void JNICALL Java_net_mcring_Native_consumerJoin(JNIEnv *env, jclass class, jlong c,
							   jbyteArray join)
{
	change_joins(env, c, join, mcr_consumer_join);
}

JNIEXPORT void JNICALL Java_net_mcring_Native_consumerLeave(JNIEnv *env, jclass class, jlong c,
							    jbyteArray join)
{
	change_joins(env, c, join, mcr_consumer_leave);
}

JNIEXPORT void JNICALL Java_net_mcring_Native_consumerInterface(JNIEnv *env, jclass class, jlong c,
								jint index, jobject to)
{
	struct mcr_error err = {""};
	int ret = mcr_consumer_interface_info(CONSUMER(c), (uint32_t)index,
					      mcr_java_memory(env, to), &err);

	mcr_java_check(env, ret, &err);
}

JNIEXPORT void JNICALL Java_net_mcring_Native_consumerRing(JNIEnv *env, jclass class, jlong c,
							   jint ring, jobject to)
{
	struct mcr_error err = {""};
	int ret =
	    mcr_consumer_ring_info(CONSUMER(c), (uint32_t)ring, mcr_java_memory(env, to), &err);

	mcr_java_check(env, ret, &err);
}

JNIEXPORT jlong JNICALL Java_net_mcring_Native_consumerUntil(JNIEnv *env, jclass class, jlong c,
							     jint ring)
{
	return (jlong)mcr_consumer_until(CONSUMER(c), (uint32_t)ring);
}

JNIEXPORT jlong JNICALL Java_net_mcring_Native_consumerHeadroom(JNIEnv *env, jclass class, jlong c)
{
	return (jlong)mcr_consumer_headroom(CONSUMER(c));
}

JNIEXPORT jint JNICALL Java_net_mcring_Native_consumerRings(JNIEnv *env, jclass class, jlong c)
{
	return (jint)mcr_consumer_rings(CONSUMER(c));
}

JNIEXPORT void JNICALL Java_net_mcring_Native_consumerClose(JNIEnv *env, jclass class, jlong c)
{
	mcr_consumer_close(CONSUMER(c));
}
