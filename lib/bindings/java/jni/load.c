/* SPDX-License-Identifier: BSD-3-Clause */
/* What belongs to no consumer: errors, addresses, sleeping on descriptors. */
#include <mcring/address.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "glue.h"

/* Set once, before any other function runs. */
static jclass exception_class;
static jmethodID exception_init;

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *reserved)
{
	JNIEnv *env;
	jclass found;

	if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_1_8) != JNI_OK)
		return JNI_ERR;
	found = (*env)->FindClass(env, "net/mcring/McringException");
	if (!found)
		return JNI_ERR;
	exception_init = (*env)->GetMethodID(env, found, "<init>", "(I[B)V");
	exception_class = (*env)->NewGlobalRef(env, found);
	return exception_init && exception_class ? JNI_VERSION_1_8 : JNI_ERR;
}

JNIEXPORT void JNICALL JNI_OnUnload(JavaVM *vm, void *reserved)
{
	JNIEnv *env;

	if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_1_8) == JNI_OK)
		(*env)->DeleteGlobalRef(env, exception_class);
}

/* A byte[] of a text, without its NUL. */
static jbyteArray octets_of(JNIEnv *env, const char *text)
{
	const jsize length = (jsize)strlen(text);
	jbyteArray octets = (*env)->NewByteArray(env, length);

	if (octets)
		(*env)->SetByteArrayRegion(env, octets, 0, length, (const jbyte *)text);
	return octets;
}

void mcr_java_throw(JNIEnv *env, int64_t ret, const struct mcr_error *err)
{
	jbyteArray text;
	jobject exception;

	if ((*env)->ExceptionCheck(env))
		return;
	text = err && err->text[0] ? octets_of(env, err->text) : NULL;
	exception = (*env)->NewObject(env, exception_class, exception_init, (jint)-ret, text);
	if (exception)
		(*env)->Throw(env, exception);
}

JNIEXPORT jstring JNICALL Java_net_mcring_Native_errnoName(JNIEnv *env, jclass class, jint number)
{
	const char *name = strerrorname_np(number);

	return (*env)->NewStringUTF(env, name ? name : "EUNKNOWN");
}

JNIEXPORT jstring JNICALL Java_net_mcring_Native_errnoText(JNIEnv *env, jclass class, jint number)
{
	const char *text = strerrordesc_np(number);

	return (*env)->NewStringUTF(env, text ? text : "unknown error");
}

JNIEXPORT jlong JNICALL Java_net_mcring_Native_address(JNIEnv *env, jclass class, jobject octets)
{
	return (jlong)(intptr_t)mcr_java_memory(env, octets);
}

JNIEXPORT jobject JNICALL Java_net_mcring_Native_buffer(JNIEnv *env, jclass class, jlong address,
							jint size)
{
	return (*env)->NewDirectByteBuffer(env, MCR_JAVA_POINTER(void, address), size);
}

JNIEXPORT jint JNICALL Java_net_mcring_Native_addressParse(JNIEnv *env, jclass class, jbyteArray to,
							   jbyteArray text)
{
	const jsize length = (*env)->GetArrayLength(env, text);
	const char *octets = mcr_java_text_begin(env, text);
	struct mcr_address address;
	int ret;

	if (!octets)
		return 0; /* an exception is pending */
	ret = mcr_address_parse(&address, octets, (size_t)length);
	mcr_java_text_end(env, text, octets);
	if (ret == 0)
		(*env)->SetByteArrayRegion(env, to, 0, sizeof(address),
					   (const jbyte *)address.octets);
	return ret;
}

JNIEXPORT jbyteArray JNICALL Java_net_mcring_Native_addressFormat(JNIEnv *env, jclass class,
								  jbyteArray octets)
{
	struct mcr_address address;
	char text[MCR_ADDRESS_TEXT];

	(*env)->GetByteArrayRegion(env, octets, 0, sizeof(address), (jbyte *)address.octets);
	return octets_of(env, mcr_address_format(text, address));
}

JNIEXPORT jint JNICALL Java_net_mcring_Native_sleepOn(JNIEnv *env, jclass class, jintArray fds,
						      jlong ns)
{
	const struct timespec timeout = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
	const jsize n = (*env)->GetArrayLength(env, fds);
	jint *numbers = (*env)->GetIntArrayElements(env, fds, NULL);
	struct pollfd *polled = calloc((size_t)n + 1, sizeof(*polled)); /* one more: not 0 octets */
	int ret = 0;

	if (numbers && polled) {
		for (jsize i = 0; i < n; i++)
			polled[i] = (struct pollfd){.fd = numbers[i], .events = POLLIN};
		ret = ppoll(polled, (nfds_t)n, &timeout, NULL);
		ret = ret < 0 ? -errno : ret;
	} else {
		ret = -ENOMEM;
	}
	free(polled);
	if (numbers)
		(*env)->ReleaseIntArrayElements(env, fds, numbers, JNI_ABORT);
	return mcr_java_slept(env, ret);
}
