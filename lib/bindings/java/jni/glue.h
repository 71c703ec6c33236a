/* SPDX-License-Identifier: BSD-3-Clause */
/* The native part of the Java binding: each function of net.mcring.Native is one call of C, whose
 * arguments Java has checked. net_mcring_Native.h is javac's, so that signatures agree. */
#ifndef MCR_JAVA_GLUE_H
#define MCR_JAVA_GLUE_H

#include <errno.h>
#include <jni.h>
#include <mcring/types.h>

#include "net_mcring_Native.h"

/* A pointer that Java has as a long. */
#define MCR_JAVA_POINTER(type, address) ((type *)(intptr_t)(address))

/* mcr_java_throw makes a McringException of -errno pending, with the text of err, which may be
 * NULL. */
void mcr_java_throw(JNIEnv *env, int64_t ret, const struct mcr_error *err);

/* mcr_java_check throws if ret is below 0. */
static inline void mcr_java_check(JNIEnv *env, int64_t ret, const struct mcr_error *err)
{
	if (ret < 0)
		mcr_java_throw(env, ret, err);
}

/* mcr_java_polled returns what a poll did, -1 for the end of the engine, and throws the rest. */
static inline jint mcr_java_polled(JNIEnv *env, int ret)
{
	if (ret < 0 && ret != -EPIPE)
		mcr_java_throw(env, ret, NULL);
	return ret < 0 ? -1 : ret;
}

/* mcr_java_slept likewise for a wait: 1; 0 also after a signal, of which the JVM has many. */
static inline jint mcr_java_slept(JNIEnv *env, int ret)
{
	if (ret < 0 && ret != -EINTR)
		mcr_java_throw(env, ret, NULL);
	return ret > 0;
}

/* The memory of a direct buffer; NULL if it is null. */
static inline void *mcr_java_memory(JNIEnv *env, jobject buffer)
{
	return buffer ? (*env)->GetDirectBufferAddress(env, buffer) : NULL;
}

/* Octets of a direct buffer or, if array is not null, of that, for a call that does not sleep: in
 * between no other function of JNI may be called. */
static inline uint8_t *mcr_java_octets_begin(JNIEnv *env, jobject direct, jbyteArray array)
{
	return array ? (*env)->GetPrimitiveArrayCritical(env, array, NULL)
		     : mcr_java_memory(env, direct);
}

/* How many there are from position at to end. */
static inline size_t mcr_java_octets_between(jint at, jint end)
{
	return end > at ? (size_t)(end - at) : 0;
}

static inline void mcr_java_octets_end(JNIEnv *env, jbyteArray array, uint8_t *octets)
{
	if (array)
		(*env)->ReleasePrimitiveArrayCritical(env, array, octets, 0);
}

/* A text of C, which Java has as octets with a NUL. Returns NULL for null; without memory an
 * exception is pending, too. */
static inline const char *mcr_java_text_begin(JNIEnv *env, jbyteArray text)
{
	return text ? (const char *)(*env)->GetByteArrayElements(env, text, NULL) : NULL;
}

static inline void mcr_java_text_end(JNIEnv *env, jbyteArray text, const char *octets)
{
	if (octets)
		(*env)->ReleaseByteArrayElements(env, text, (jbyte *)octets, JNI_ABORT);
}

#endif
