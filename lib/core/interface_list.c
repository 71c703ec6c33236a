/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/interface_list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/address.h"

#define MAGIC   "mcring-interfaces "
#define VERSION "1"

#define VLAN_MAX 4094

/* ---- write ---- */

struct text {
	char *at, *end; /* at = NULL: it did not fit */
};

static void put(struct text *t, const char *text, size_t len)
{
	if (!t->at || (size_t)(t->end - t->at) < len) {
		t->at = NULL;
		return;
	}
	memcpy(t->at, text, len);
	t->at += len;
}

static int is_of_value(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f;
}

static void put_value(struct text *t, const char *key, const char *value, size_t cap)
{
	put(t, key, strlen(key));
	for (size_t i = 0, len = strnlen(value, cap); i < len; i++)
		put(t, is_of_value(value[i]) ? &value[i] : "?", 1);
}

static void put_address(struct text *t, const char *key, struct mcr_address address,
			unsigned prefix_len)
{
	char text[MCR_ADDRESS_TEXT], value[MCR_ADDRESS_TEXT + 4] = "";

	if (!mcr_address_is_none(address))
		snprintf(value, sizeof(value), "%s/%u", mcr_address_format(text, address),
			 prefix_len);
	put_value(t, key, value, sizeof(value));
}

size_t mcr_interface_list_write(char *text, size_t cap,
				const struct mcr_listed_interface *interfaces, size_t n)
{
	struct text t = {.at = text, .end = text + cap};

	put(&t, MAGIC VERSION "\n", strlen(MAGIC VERSION "\n"));
	for (size_t k = 0; k < n; k++) {
		const struct mcr_listed_interface *i = &interfaces[k];
		char vlan[8];

		snprintf(vlan, sizeof(vlan), "%u", i->vlan);
		put_value(&t, "name=", i->name, sizeof(i->name));
		put_value(&t, " port=", i->port, sizeof(i->port));
		put_value(&t, " netdev=", i->netdev, sizeof(i->netdev));
		put_value(&t, " kernel=", i->kernel, sizeof(i->kernel));
		put_value(&t, " vlan=", vlan, sizeof(vlan));
		put_address(&t, " address=", i->address, i->prefix_len);
		put_address(&t, " address6=", i->address6, i->prefix6_len);
		put_value(&t, " shared=", i->is_shared ? "yes" : "no", 3);
		put(&t, "\n", 1);
	}
	return t.at ? (size_t)(t.at - text) : 0;
}

/* ---- parse ---- */

struct word {
	const char *text;
	size_t len;
};

/* Takes what stands before the next `by`, and that. Without one the whole rest is it. */
static struct word take_word(struct word *rest, char by)
{
	const char *end = memchr(rest->text, by, rest->len);
	struct word word = {rest->text, end ? (size_t)(end - rest->text) : rest->len};
	size_t used = word.len + (end != NULL);

	rest->text += used;
	rest->len -= used;
	return word;
}

static int is_word(struct word word, const char *text)
{
	return word.len == strlen(text) && memcmp(word.text, text, word.len) == 0;
}

static int copy(char *to, size_t cap, struct word value)
{
	if (value.len >= cap)
		return -EBADMSG;
	memcpy(to, value.text, value.len);
	to[value.len] = '\0';
	return 0;
}

/* Decimal, without a sign or leading zeros. */
static int read_number(unsigned *out, struct word value, unsigned max)
{
	unsigned n = 0;

	if (value.len == 0 || value.len > 5 || (value.len > 1 && value.text[0] == '0'))
		return -EBADMSG;
	for (size_t i = 0; i < value.len; i++) {
		if (value.text[i] < '0' || value.text[i] > '9')
			return -EBADMSG;
		n = n * 10 + (unsigned)(value.text[i] - '0');
	}
	*out = n;
	return n <= max ? 0 : -EBADMSG;
}

static int read_address(struct mcr_address *out, uint8_t *prefix_len, struct word value, int ipv6)
{
	struct word text = value, rest = value;
	unsigned len = 0;

	if (value.len == 0)
		return 0;
	text = take_word(&rest, '/');
	if (mcr_address_parse(out, text.text, text.len) != 0 || mcr_address_is_none(*out) ||
	    mcr_address_is_ipv6(*out) != ipv6 || read_number(&len, rest, ipv6 ? 128 : 32) != 0)
		return -EBADMSG;
	*prefix_len = (uint8_t)len;
	return 0;
}

static int read_field(struct mcr_listed_interface *i, struct word key, struct word value)
{
	unsigned number = 0;
	int ret = 0;

	if (is_word(key, "name"))
		ret = copy(i->name, sizeof(i->name), value);
	else if (is_word(key, "port"))
		ret = copy(i->port, sizeof(i->port), value);
	else if (is_word(key, "netdev"))
		ret = copy(i->netdev, sizeof(i->netdev), value);
	else if (is_word(key, "kernel"))
		ret = copy(i->kernel, sizeof(i->kernel), value);
	else if (is_word(key, "address"))
		ret = read_address(&i->address, &i->prefix_len, value, 0);
	else if (is_word(key, "address6"))
		ret = read_address(&i->address6, &i->prefix6_len, value, 1);
	else if (is_word(key, "shared"))
		i->is_shared = is_word(value, "yes");
	else if (is_word(key, "vlan"))
		ret = read_number(&number, value, VLAN_MAX);
	i->vlan = is_word(key, "vlan") ? (uint16_t)number : i->vlan;
	return ret;
}

static int read_line(struct mcr_listed_interface *i, struct word line)
{
	*i = (struct mcr_listed_interface){0};
	for (size_t k = 0; k < line.len; k++)
		if (!is_of_value(line.text[k]) && line.text[k] != ' ')
			return -EBADMSG;
	while (line.len > 0) {
		struct word value = take_word(&line, ' '), key;

		if (!memchr(value.text, '=', value.len))
			return -EBADMSG;
		key = take_word(&value, '=');
		if (read_field(i, key, value) != 0)
			return -EBADMSG;
	}
	return i->name[0] != '\0' ? 0 : -EBADMSG;
}

int mcr_interface_list_parse(struct mcr_listed_interface *out, size_t cap, const char *text,
			     size_t len)
{
	struct word rest = {text, len}, version;
	size_t n = 0;

	/* The last octet shows that nothing was cut off. */
	if (len <= strlen(MAGIC) || memcmp(text, MAGIC, strlen(MAGIC)) != 0 ||
	    text[len - 1] != '\n')
		return -EBADMSG;
	take_word(&rest, ' ');
	version = take_word(&rest, '\n');
	if (!is_word(version, VERSION))
		return -EPROTONOSUPPORT;
	for (; rest.len > 0; n++) {
		if (n == cap)
			return -E2BIG;
		if (read_line(&out[n], take_word(&rest, '\n')) != 0)
			return -EBADMSG;
	}
	return (int)n;
}
