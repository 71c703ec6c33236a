/* SPDX-License-Identifier: BSD-3-Clause */
/* net.mcring.Feed. */
#include <mcring/feed.h>
#include <string.h>

#include "glue.h"

#define FEED(address) MCR_JAVA_POINTER(struct mcr_feed, address)

JNIEXPORT jlong JNICALL Java_net_mcring_Native_feedOpen(JNIEnv *env, jclass class,
							jobject struct_opts, jbyteArray feed,
							jbyteArray config, jbyteArray run_dir,
							jbyteArray name, jbyteArray label)
{
	struct mcr_feed_opts opts =
	    *(const struct mcr_feed_opts *)mcr_java_memory(env, struct_opts);
	struct mcr_feed *f = NULL;
	struct mcr_error err = {""};
	int ret = -ENOMEM;

	opts.feed = mcr_java_text_begin(env, feed);
	opts.config = mcr_java_text_begin(env, config);
	opts.run_dir = mcr_java_text_begin(env, run_dir);
	opts.name = mcr_java_text_begin(env, name);
	opts.label = mcr_java_text_begin(env, label);
	if (!(*env)->ExceptionCheck(env))
		ret = mcr_feed_open(&f, &opts, &err);
	mcr_java_text_end(env, feed, opts.feed);
	mcr_java_text_end(env, config, opts.config);
	mcr_java_text_end(env, run_dir, opts.run_dir);
	mcr_java_text_end(env, name, opts.name);
	mcr_java_text_end(env, label, opts.label);
	mcr_java_check(env, ret, &err);
	return (jlong)(intptr_t)f;
}

/* The packet of item i is copied to msgs[i], where Java reads it: C's is gone with the next poll.
 */
JNIEXPORT jint JNICALL Java_net_mcring_Native_feedPoll(JNIEnv *env, jclass class, jlong f,
						       jobject items_buffer, jobject msgs_buffer,
						       jint n)
{
	const struct mcr_feed_msg *items = mcr_java_memory(env, items_buffer);
	struct mcr_msg *msgs = mcr_java_memory(env, msgs_buffer);
	const int ret = mcr_feed_poll(FEED(f), (struct mcr_feed_msg *)items, n);

	for (int i = 0; i < ret; i++) {
		if (items[i].msg)
			msgs[i] = *items[i].msg;
	}
	return mcr_java_polled(env, ret);
}

JNIEXPORT jint JNICALL Java_net_mcring_Native_feedTake(JNIEnv *env, jclass class, jlong f,
						       jobject items, jobject msgs, jint n,
						       jobject octets)
{
	void *const buf = mcr_java_memory(env, octets);
	const size_t cap = (size_t)(*env)->GetDirectBufferCapacity(env, octets);

	return mcr_java_polled(env, mcr_feed_take(FEED(f), mcr_java_memory(env, items),
						  mcr_java_memory(env, msgs), n, buf, cap));
}

JNIEXPORT jint JNICALL Java_net_mcring_Native_feedRead(JNIEnv *env, jclass class, jlong f,
						       jobject items, jint index, jobject direct,
						       jbyteArray array, jint at, jint end)
{
	const struct mcr_feed_msg *item =
	    (const struct mcr_feed_msg *)mcr_java_memory(env, items) + index;
	int64_t ret = -EINVAL;

	if (item->kind == MCR_FEED_DATA) {
		uint8_t *octets = mcr_java_octets_begin(env, direct, array);

		ret = -ENOMEM;
		if (octets) {
			ret = mcr_feed_read(FEED(f), item, octets + at,
					    mcr_java_octets_between(at, end));
			mcr_java_octets_end(env, array, octets);
		}
	}
	if (ret < 0 && ret != -ESTALE)
		mcr_java_throw(env, ret, NULL);
	return ret < 0 ? -1 : (jint)ret;
}

JNIEXPORT void JNICALL Java_net_mcring_Native_feedRelease(JNIEnv *env, jclass class, jlong f)
{
	mcr_feed_release(FEED(f));
}

JNIEXPORT jint JNICALL Java_net_mcring_Native_feedWait(JNIEnv *env, jclass class, jlong f, jlong ns)
{
	return mcr_java_slept(env, mcr_feed_wait(FEED(f), (uint64_t)ns));
}

JNIEXPORT jint JNICALL Java_net_mcring_Native_feedFd(JNIEnv *env, jclass class, jlong f)
{
	const int fd = mcr_feed_fd(FEED(f));

	mcr_java_check(env, fd, NULL);
	return fd;
}

JNIEXPORT jint JNICALL Java_net_mcring_Native_feedArm(JNIEnv *env, jclass class, jlong f)
{
	const int ret = mcr_feed_arm(FEED(f));

	mcr_java_check(env, ret, NULL);
	return ret;
}

JNIEXPORT void JNICALL Java_net_mcring_Native_feedReattach(JNIEnv *env, jclass class, jlong f)
{
	struct mcr_error err = {""};

	mcr_java_check(env, mcr_feed_reattach(FEED(f), &err), &err);
}

JNIEXPORT jlong JNICALL Java_net_mcring_Native_feedWire(JNIEnv *env, jclass class, jlong f,
							jlong seq)
{
	return (jlong)mcr_feed_wire(FEED(f), (uint64_t)seq);
}

JNIEXPORT void JNICALL Java_net_mcring_Native_feedInsert(JNIEnv *env, jclass class, jlong f,
							 jint key, jlong seq, jint count,
							 jobject direct, jbyteArray array, jint at,
							 jint end)
{
	uint8_t *octets = mcr_java_octets_begin(env, direct, array);
	int ret = -ENOMEM;

	if (octets) {
		ret = mcr_feed_insert(FEED(f), (uint32_t)key, (uint64_t)seq, (uint32_t)count,
				      octets + at, mcr_java_octets_between(at, end));
		mcr_java_octets_end(env, array, octets);
	}
	mcr_java_check(env, ret, NULL);
}

JNIEXPORT void JNICALL Java_net_mcring_Native_feedResume(JNIEnv *env, jclass class, jlong f,
							 jint key, jlong next)
{
	mcr_java_check(env, mcr_feed_resume(FEED(f), (uint32_t)key, (uint64_t)next), NULL);
}

JNIEXPORT void JNICALL Java_net_mcring_Native_feedKey(JNIEnv *env, jclass class, jlong f, jint key,
						      jobject to)
{
	mcr_java_check(env, mcr_feed_key_info(FEED(f), (uint32_t)key, mcr_java_memory(env, to)),
		       NULL);
}

JNIEXPORT void JNICALL Java_net_mcring_Native_feedLine(JNIEnv *env, jclass class, jlong f,
						       jint line, jobject to)
{
	mcr_java_check(env, mcr_feed_line_info(FEED(f), (uint32_t)line, mcr_java_memory(env, to)),
		       NULL);
}

JNIEXPORT void JNICALL Java_net_mcring_Native_feedStats(JNIEnv *env, jclass class, jlong f,
							jobject to)
{
	mcr_java_check(env, mcr_feed_stats_info(FEED(f), mcr_java_memory(env, to)), NULL);
}

JNIEXPORT jbyteArray JNICALL Java_net_mcring_Native_feedConfig(JNIEnv *env, jclass class, jlong f)
{
	const char *text = mcr_feed_config_text(FEED(f));
	const jsize length = (jsize)strlen(text);
	jbyteArray octets = (*env)->NewByteArray(env, length);

	if (octets)
		(*env)->SetByteArrayRegion(env, octets, 0, length, (const jbyte *)text);
	return octets;
}

JNIEXPORT void JNICALL Java_net_mcring_Native_feedClose(JNIEnv *env, jclass class, jlong f)
{
	mcr_feed_close(FEED(f));
}
