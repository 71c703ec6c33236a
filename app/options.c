/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "settings/fail.h"
#include "settings/values.h"
#include "settings/words.h"

enum { /* behind the range of characters */
	OPT_CONFIG = 256,
	OPT_CHECK,
	OPT_NAME,
	OPT_RUN_DIR,
	OPT_INTERFACE,
	OPT_CHANNEL,
	OPT_JOIN,
	OPT_IDLE,
	OPT_KEEP_MEMBERSHIPS,
	OPT_ATTACH,
	OPT_LOG_LEVEL,
	OPT_VERBOSE,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option long_options[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"check", no_argument, NULL, OPT_CHECK},
    {"name", required_argument, NULL, OPT_NAME},
    {"run-dir", required_argument, NULL, OPT_RUN_DIR},
    {"interface", required_argument, NULL, OPT_INTERFACE},
    {"channel", required_argument, NULL, OPT_CHANNEL},
    {"join", required_argument, NULL, OPT_JOIN},
    {"idle", required_argument, NULL, OPT_IDLE},
    {"keep-memberships", no_argument, NULL, OPT_KEEP_MEMBERSHIPS},
    {"attach", required_argument, NULL, OPT_ATTACH},
    {"log-level", required_argument, NULL, OPT_LOG_LEVEL},
    {"verbose", no_argument, NULL, OPT_VERBOSE},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

static const char help_text[] =
    "usage: mcring [EAL options] -- [options]\n"
    "       mcring [options]                     (EAL arguments in the configuration file)\n"
    "\n"
    "Receives UDP multicast from DPDK ports and publishes it into rings in shared memory.\n"
    "\n"
    "  --config FILE          read this YAML file; lists of file and command line add up, and\n"
    "                         where both give a single value the command line wins\n"
    "                         (docs/config.md)\n"
    "  --check                check the configuration, print what it expands to, start nothing\n"
    "  --interface NAME=PORT[,address=ADDR/LEN][,vlan=ID][,igmp=auto|1|2|3|off][,tx=auto|never]\n"
    "              [,udp-checksum=nic|off|verify][,queues=N][,lcores=N/N...][,kernel=DEVICE]\n"
    "              [,hw-time=off|on|synced][,igmp-...=...: see docs/config.md]\n"
    "                         PORT is a DPDK device (net_af_packet0, 0000:01:00.0) or port number\n"
    "  --channel NAME[,depth=MESSAGES][,bytes=BYTES][,lcore=N][,consumers=N][,user=USER]...\n"
    "              [,group=GROUP]...\n"
    "                         make a channel; sizes are powers of two and take K, M or G;\n"
    "                         user and group say who may read it (default everybody)\n"
    "  --join GROUP[/LEN][:PORT[-PORT]][@SOURCE|@!SOURCE]...[,interface=NAME][,channel=NAME]"
    "[,id=N]\n"
    "                         receive a group; you can give it many times\n"
    "  --name NAME            name of this engine (default mcring)\n"
    "  --run-dir DIR          where the sockets `attach` and `control` go (default\n"
    "                         /run/mcring/NAME)\n"
    "  --attach [mode=MODE][,group=GROUP][,consumers=N][,consumers-per-user=N]\n"
    "                         permissions and group of the attach socket (default 0660 and the\n"
    "                         daemon's group); most consumers in all (default 1024), of one user\n"
    "  --idle busy|adaptive   while no packets come, keep polling (default) or sleep briefly\n"
    "  --keep-memberships     do not leave the groups at the end\n"
    "  --log-level LEVEL      error, warning, info (default) or debug; --verbose is debug\n"
    "  --help, --version\n"
    "\n"
    "SIGTERM and SIGINT end mcring, SIGHUP makes it read the file again. mcring-ctl controls it.\n"
    "Example, without hugepages:\n"
    "  mcring -l 0-1 --no-huge -m 1024 --vdev=net_af_packet0,iface=eth1 -- \\\n"
    "         --interface lan=net_af_packet0,address=10.0.0.2/24 --join 239.1.1.1:5000\n";

void mcr_options_help(FILE *out)
{
	fputs(help_text, out);
}

typedef int (*pair_fn)(void *out, const char *key, const char *value, struct mcr_error *err);

/* Calls fn for each KEY=VALUE of a comma-separated list, which it cuts in pieces. */
static int each_pair(char *list, pair_fn fn, void *out, struct mcr_error *err)
{
	char *save = NULL;

	for (char *item = strtok_r(list, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
		char *value = strchr(item, '=');
		int ret;

		if (!value)
			return mcr_fail(err, -EINVAL, "'%.64s': expected KEY=VALUE", item);
		*value++ = '\0';
		ret = fn(out, item, value, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* Returns 1: no key of IGMP's. */
static int igmp_pair(struct mcr_interface_config *cfg, const char *key, const char *value,
		     struct mcr_error *err)
{
	if (strcmp(key, "igmp") == 0)
		return mcr_value_igmp(&cfg->igmp, value, err);
	if (strcmp(key, "igmp-strict") == 0)
		return mcr_value_bool(&cfg->igmp_strict, value, err);
	if (strcmp(key, "igmp-robustness") == 0)
		return mcr_value_robustness(&cfg->igmp_robustness, value, err);
	if (strcmp(key, "igmp-robustness-floor") == 0)
		return mcr_value_robustness(&cfg->igmp_robustness_floor, value, err);
	if (strcmp(key, "igmp-compat-timeout") == 0)
		return mcr_value_compat_timeout(&cfg->igmp_compat_timeout_s, value, err);
	if (strcmp(key, "igmp-repeat") == 0)
		return mcr_value_repeat(&cfg->igmp_repeat_s, value, err);
	return 1;
}

static int interface_pair(void *out, const char *key, const char *value, struct mcr_error *err)
{
	struct mcr_interface_config *cfg = out;
	int ret = igmp_pair(cfg, key, value, err);

	if (ret <= 0)
		return ret < 0 ? mcr_fail_prefix(err, ret, "%s ", key) : 0;
	if (strcmp(key, "address") == 0)
		ret = mcr_value_address(&cfg->address_be, &cfg->prefix_len, value, err);
	else if (strcmp(key, "vlan") == 0)
		ret = mcr_value_vlan(&cfg->vlan, value, err);
	else if (strcmp(key, "tx") == 0)
		ret = mcr_value_tx(&cfg->tx_never, value, err);
	else if (strcmp(key, "kernel") == 0)
		ret = mcr_value_device(cfg->kernel, value, err);
	else if (strcmp(key, "udp-checksum") == 0)
		ret = mcr_value_udp_checksum(&cfg->udp_checksum, value, err);
	else if (strcmp(key, "hw-time") == 0)
		ret = mcr_value_hw_time(&cfg->hw_time, value, err);
	else if (strcmp(key, "queues") == 0)
		ret = mcr_value_queues(&cfg->n_queues, value, err);
	else if (strcmp(key, "lcores") == 0)
		ret = mcr_value_lcores(cfg, value, err);
	else
		return mcr_fail(
		    err, -EINVAL,
		    "unknown key '%.64s': expected address, vlan, tx, kernel, "
		    "udp-checksum, hw-time, queues, lcores, igmp, igmp-strict, igmp-robustness, "
		    "igmp-robustness-floor, igmp-compat-timeout or igmp-repeat",
		    key);
	return ret < 0 ? mcr_fail_prefix(err, ret, "%s ", key) : 0;
}

/* A copy of text, cut at its first comma: *rest is what follows, "" when nothing does. */
static char *split_head(const char *text, char **rest)
{
	char *copy = strdup(text);

	if (!copy)
		return NULL;
	*rest = copy + strcspn(copy, ",");
	if (**rest)
		*(*rest)++ = '\0';
	return copy;
}

int mcr_interface_parse(struct mcr_interface_config *out, const char *text, struct mcr_error *err)
{
	struct mcr_interface_config cfg = {.vlan = 0};
	char *rest, *copy = split_head(text, &rest), *port;
	int ret = -EINVAL;

	if (!copy)
		return mcr_fail(err, -ENOMEM, "out of memory");
	port = strchr(copy, '=');
	if (!port) {
		mcr_fail(err, ret, "'%.64s': expected NAME=PORT", copy);
		goto out;
	}
	*port++ = '\0';
	ret = mcr_value_name(cfg.name, copy, err);
	if (ret == 0)
		ret = mcr_value_string(cfg.port, sizeof(cfg.port), port, "a DPDK device or port",
				       err);
	if (ret == 0)
		ret = each_pair(rest, interface_pair, &cfg, err);
	if (ret == 0)
		*out = cfg;
out:
	free(copy);
	return ret;
}

static int channel_pair(void *out, const char *key, const char *value, struct mcr_error *err)
{
	struct mcr_channel_config *cfg = out;
	int ret;

	if (strcmp(key, "depth") == 0)
		ret = mcr_value_depth(&cfg->depth, value, err);
	else if (strcmp(key, "bytes") == 0)
		ret = mcr_value_bytes(&cfg->bytes, value, err);
	else if (strcmp(key, "consumers") == 0)
		ret = mcr_value_consumers(&cfg->consumers_max, value, err);
	else if (strcmp(key, "lcore") == 0) {
		cfg->has_lcore = 1;
		ret = mcr_value_lcore(&cfg->lcore, value, err);
	} else if (strcmp(key, "user") == 0)
		ret = mcr_access_add_user(&cfg->readers, value, err);
	else if (strcmp(key, "group") == 0)
		ret = mcr_access_add_group(&cfg->readers, value, err);
	else
		return mcr_fail(err, -EINVAL,
				"unknown key '%.64s': expected depth, bytes, lcore, consumers, "
				"user or group",
				key);
	return ret < 0 ? mcr_fail_prefix(err, ret, "%s ", key) : 0;
}

int mcr_channel_parse(struct mcr_channel_config *out, const char *text, struct mcr_error *err)
{
	struct mcr_channel_config cfg = {.depth = 0};
	char *rest, *copy = split_head(text, &rest);
	int ret;

	if (!copy)
		return mcr_fail(err, -ENOMEM, "out of memory");
	ret = mcr_value_name(cfg.name, copy, err);
	if (ret == 0)
		ret = each_pair(rest, channel_pair, &cfg, err);
	if (ret == 0)
		*out = cfg;
	free(copy);
	return ret;
}

static int add_interface(struct mcr_settings *s, const char *text, struct mcr_error *err)
{
	struct mcr_interface_config cfg;
	int ret = mcr_interface_parse(&cfg, text, err);

	return ret < 0 ? ret : mcr_settings_add_interface(s, &cfg, (struct mcr_origin){0}, err);
}

static int add_channel(struct mcr_settings *s, const char *text, struct mcr_error *err)
{
	struct mcr_channel_config cfg;
	int ret = mcr_channel_parse(&cfg, text, err);

	return ret < 0 ? ret : mcr_settings_add_channel(s, &cfg, (struct mcr_origin){0}, err);
}

static int attach_pair(void *out, const char *key, const char *value, struct mcr_error *err)
{
	struct mcr_attach_setting *a = out;
	struct mcr_opt32 *opt;
	int ret;

	if (strcmp(key, "mode") == 0)
		ret = mcr_value_mode(&(opt = &a->mode)->value, value, err);
	else if (strcmp(key, "group") == 0)
		ret = mcr_value_group(&(opt = &a->gid)->value, value, err);
	else if (strcmp(key, "consumers") == 0)
		ret = mcr_value_consumers(&(opt = &a->consumers)->value, value, err);
	else if (strcmp(key, "consumers-per-user") == 0)
		ret = mcr_value_consumers(&(opt = &a->consumers_per_uid)->value, value, err);
	else
		return mcr_fail(err, -EINVAL,
				"unknown key '%.64s': expected mode, group, consumers or "
				"consumers-per-user",
				key);
	if (ret < 0)
		return mcr_fail_prefix(err, ret, "%s ", key);
	opt->set = 1;
	return 0;
}

static int add_attach(struct mcr_settings *s, const char *text, struct mcr_error *err)
{
	char *copy = strdup(text);
	int ret;

	if (!copy)
		return mcr_fail(err, -ENOMEM, "out of memory");
	ret = each_pair(copy, attach_pair, &s->attach, err);
	free(copy);
	return ret;
}

static int apply(struct mcr_options *o, struct mcr_settings *s, int option, struct mcr_error *err)
{
	switch (option) {
	case OPT_CONFIG:
		o->config = optarg;
		return 0;
	case OPT_CHECK:
		o->action = MCR_ACTION_CHECK;
		return 0;
	case OPT_NAME:
		return mcr_value_name(s->name, optarg, err);
	case OPT_RUN_DIR:
		return mcr_value_string(s->run_dir, sizeof(s->run_dir), optarg, "a path", err);
	case OPT_INTERFACE:
		return add_interface(s, optarg, err);
	case OPT_CHANNEL:
		return add_channel(s, optarg, err);
	case OPT_JOIN:
		return mcr_settings_add_joins(s, optarg, (struct mcr_origin){0}, err);
	case OPT_IDLE:
		s->idle.set = 1;
		return mcr_value_idle(&s->idle.value, optarg, err);
	case OPT_KEEP_MEMBERSHIPS:
		s->keep_memberships = (struct mcr_opt8){1, 1};
		return 0;
	case OPT_ATTACH:
		return add_attach(s, optarg, err);
	case OPT_LOG_LEVEL:
		s->log_level.set = 1;
		return mcr_value_log_level(&s->log_level.value, optarg, err);
	default:
		s->log_level = (struct mcr_opt8){1, MCR_LOG_DEBUG};
		return 0;
	}
}

static int bad_usage(int option, const char *arg, int has_dashes, struct mcr_error *err)
{
	if (option == ':')
		return mcr_fail(err, -EINVAL, "option '%.64s' needs a value: see mcring --help",
				arg);
	if (has_dashes)
		return mcr_fail(err, -EINVAL, "unknown option '%.64s': see mcring --help", arg);
	return mcr_fail(err, -EINVAL,
			"unknown option '%.64s': see mcring --help; EAL options stand before a "
			"'--'",
			arg);
}

/* argc and argv: the program's name and mcring's own options. */
static int parse_own(struct mcr_options *o, struct mcr_settings *s, int argc, char **argv,
		     int has_dashes, struct mcr_error *err)
{
	int option, index, ret;

	optind = 0; /* glibc: start over, also its hidden state */
	opterr = 0;
	for (;;) {
		int at = optind ? optind : 1;

		index = -1;
		option = getopt_long(argc, argv, "+:", long_options, &index);
		if (option == -1)
			break;
		if (option == '?' || option == ':')
			return bad_usage(option, argv[at], has_dashes, err);
		if (option == OPT_HELP || option == OPT_VERSION) {
			o->action = option == OPT_HELP ? MCR_ACTION_HELP : MCR_ACTION_VERSION;
			return 0;
		}
		ret = apply(o, s, option, err);
		if (ret < 0)
			return mcr_fail_prefix(err, ret, "--%s: ", long_options[index].name);
	}
	if (optind < argc)
		return bad_usage('?', argv[optind], has_dashes, err);
	return 0;
}

int mcr_options_parse(struct mcr_options *o, struct mcr_settings *s, int argc, char *const *argv,
		      struct mcr_error *err)
{
	int dashes = 1, ret = 0;
	char **own;

	*o = (struct mcr_options){.action = MCR_ACTION_RUN};
	while (dashes < argc && strcmp(argv[dashes], "--") != 0)
		dashes++;
	if (dashes == argc)
		dashes = 0;
	for (int i = 1; i < dashes; i++) {
		ret = mcr_settings_add_eal(s, argv[i], err);
		if (ret < 0)
			return ret;
	}
	own = calloc((size_t)(argc - dashes) + 1, sizeof(*own)); /* getopt may reorder it */
	if (!own)
		return mcr_fail(err, -ENOMEM, "out of memory");
	memcpy(own, argv + dashes, (size_t)(argc - dashes) * sizeof(*own));
	ret = parse_own(o, s, argc - dashes, own, dashes > 0, err);
	opterr = 1; /* EAL's getopt says what it does not know: mcr_eal_start quotes it */
	free(own);
	return ret;
}
