/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/option_error.h"
#include "options.h"
#include "settings/fail.h"
#include "settings/feeds.h"
#include "settings/keys.h"
#include "settings/option_text.h"

enum { /* above the range of characters */
	OPT_CONFIG = 256,
	OPT_CHECK,
	OPT_STANDBY,
	OPT_INTERFACE,
	OPT_CHANNEL,
	OPT_JOIN,
	OPT_FEED,
	OPT_ATTACH,
	OPT_STATS,
	OPT_SHARD,
	OPT_OF_ENGINE, /* a key of mcr_engine_keys */
	OPT_VERBOSE,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option long_options[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"check", no_argument, NULL, OPT_CHECK},
    {"standby", no_argument, NULL, OPT_STANDBY},
    {"interface", required_argument, NULL, OPT_INTERFACE},
    {"channel", required_argument, NULL, OPT_CHANNEL},
    {"join", required_argument, NULL, OPT_JOIN},
    {"feed", required_argument, NULL, OPT_FEED},
    {"attach", required_argument, NULL, OPT_ATTACH},
    {"stats", required_argument, NULL, OPT_STATS},
    {"shard", required_argument, NULL, OPT_SHARD},
    {"name", required_argument, NULL, OPT_OF_ENGINE},
    {"run-dir", required_argument, NULL, OPT_OF_ENGINE},
    {"idle", required_argument, NULL, OPT_OF_ENGINE},
    {"keep-memberships", no_argument, NULL, OPT_OF_ENGINE},
    {"log-level", required_argument, NULL, OPT_OF_ENGINE},
    {"pdump", no_argument, NULL, OPT_OF_ENGINE},
    {"verbose", no_argument, NULL, OPT_VERBOSE},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

/* --help, with the keys of the tables between these. */
static const char help_begin[] =
    "usage: mcring [EAL options] -- [options]\n"
    "       mcring [options]                     (EAL arguments in the configuration file)\n"
    "\n"
    "Receives UDP multicast from DPDK ports and publishes it into rings in shared memory.\n"
    "\n"
    "  --config FILE          YAML configuration, in addition to the command line, which wins for\n"
    "                         single values (docs/config.md)\n"
    "  --check                check everything, print the expansion, start nothing; exit status "
    "4:\n"
    "                         readers of the engine that runs could not follow to this version\n";
static const char help_interface[] = "                         PORT is a DPDK device "
				     "(net_af_packet0, 0000:01:00.0) or port number\n";
static const char help_channel[] =
    "                         rings to publish into; sizes are powers of two and may end in K, M\n"
    "                         or G; users and groups: who may read (default everybody)\n"
    "  --join GROUP[/LEN][:PORT[-PORT]][@SOURCE|@!SOURCE]...[,interface=NAME][,channel=NAME]"
    "[,id=N]\n"
    "                         receive a group, 239.1.1.1 or [ff15::1]; can be given many times\n"
    "  --feed 'feed NAME; declaration TEXT; line A; join JOIN; ...'\n"
    "                         declare a feed (docs/config.md); can be given many times\n";
static const char help_attach[] =
    "                         permissions and group of the attach socket (default 0660, the\n"
    "                         process's own); consumers at a time (default 1024), and of one "
    "user;\n"
    "                         joins of one user's consumers (default 16384)\n";
static const char help_stats[] =
    "                         the same of the socket of monitors, which changes nothing\n";
static const char help_end[] =
    "                         hosts that share the joins: HOST (default this host's name) makes\n"
    "                         those that are its own; N hosts have each (default 1); a reload\n"
    "                         leaves what another host has from now on after TIME (default 10s)\n"
    "  --name NAME            the engine's name (default mcring)\n"
    "  --run-dir DIR          for the sockets attach, control, stats (default /run/mcring/NAME)\n"
    "  --idle busy|adaptive   what a receiving core does while no packet comes (default busy)\n"
    "  --keep-memberships     leave no group on exit\n"
    "  --standby              get ready, and wait for the end of the engine that runs in DIR\n"
    "  --log-level error|warning|info|debug  how much it says (default info)\n"
    "  --verbose              --log-level debug\n"
    "  --pdump                let dpdk-dumpcap and dpdk-pdump attach (root, with hugepages)\n"
    "  --help, --version\n"
    "\n"
    "SIGTERM and SIGINT end mcring; on SIGHUP it reads the file again. mcring-ctl controls it.\n"
    "Exit status: 0 when it ended in order; 1 when it could not start; 3 when it ended in order,\n"
    "but a port was removed while it ran.\n"
    "Example, without hugepages:\n"
    "  mcring -l 0-1 --no-huge -m 1024 --vdev=net_af_packet0,iface=eth1 -- \\\n"
    "         --interface lan=net_af_packet0,address=10.0.0.2/24 --join 239.1.1.1:5000\n";

void mcr_options_help(FILE *out)
{
	fputs(help_begin, out);
	mcr_keys_help(out, "  --interface NAME=PORT", &mcr_interface_keys);
	fputs(help_interface, out);
	mcr_keys_help(out, "  --channel NAME", &mcr_channel_keys);
	fputs(help_channel, out);
	mcr_keys_help(out, "  --attach ", &mcr_attach_keys);
	fputs(help_attach, out);
	mcr_keys_help(out, "  --stats ", &mcr_stats_keys);
	fputs(help_stats, out);
	mcr_keys_help(out, "  --shard ", &mcr_shard_keys);
	fputs(help_end, out);
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

/* An option of nothing but keys. */
static int add_keys(const struct mcr_keys *keys, void *setting, const char *text,
		    struct mcr_error *err)
{
	char *copy = strdup(text);
	int ret;

	if (!copy)
		return mcr_fail_memory(err);
	ret = mcr_option_keys(copy, keys, setting, err);
	free(copy);
	return ret;
}

/* text NULL: an option without a value. */
static int set_of_engine(struct mcr_settings *s, const char *option, const char *text,
			 struct mcr_error *err)
{
	const struct mcr_key *key = mcr_keys_find_option(&mcr_engine_keys, option);

	if (!key)
		return mcr_fail(err, -EINVAL, "no key of the settings' table");
	return mcr_key_parse(key, &s->engine, text ? text : "yes", err);
}

/* Carries out an option, but for those that end the parsing. */
static int apply(struct mcr_options *o, struct mcr_settings *s, const struct option *option,
		 struct mcr_error *err)
{
	switch (option->val) {
	case OPT_CONFIG:
		o->config = optarg;
		return 0;
	case OPT_CHECK:
		o->action = MCR_ACTION_CHECK;
		return 0;
	case OPT_STANDBY:
		if (o->action == MCR_ACTION_RUN)
			o->action = MCR_ACTION_STANDBY;
		return 0;
	case OPT_INTERFACE:
		return add_interface(s, optarg, err);
	case OPT_CHANNEL:
		return add_channel(s, optarg, err);
	case OPT_JOIN:
		return mcr_settings_add_joins(s, optarg, (struct mcr_origin){0}, err);
	case OPT_FEED:
		return mcr_settings_add_feed_text(s, optarg, err);
	case OPT_ATTACH:
		return add_keys(&mcr_attach_keys, &s->attach, optarg, err);
	case OPT_STATS:
		return add_keys(&mcr_stats_keys, &s->stats, optarg, err);
	case OPT_SHARD:
		return add_keys(&mcr_shard_keys, &s->shard, optarg, err);
	case OPT_OF_ENGINE:
		return set_of_engine(s, option->name, optarg, err);
	default:
		return set_of_engine(s, "log-level", "debug", err);
	}
}

/* The options of EAL that most command lines have. */
static bool is_of_eal(const char *word)
{
	static const char *const names[] = {
	    "--vdev",     "--lcores",    "--no-huge",      "--no-pci",     "--file-prefix",
	    "--allow",    "--block",     "--main-lcore",   "--socket-mem", "--proc-type",
	    "--huge-dir", "--in-memory", "--no-telemetry", "--iova-mode"};

	if (word[0] == '-' && word[1] && strchr("lcmnabd", word[1]) &&
	    !islower((unsigned char)word[2]))
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(word, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static int bad_usage(const char *word, struct mcr_error *err)
{
	char text[256];

	if (word[0] != '-' || !word[1])
		return mcr_fail(err, -EINVAL,
				"'%.64s' has no option in front of it, such as --join: see "
				"mcring --help",
				word);
	if (is_of_eal(word))
		return mcr_fail(err, -EINVAL,
				"'%.64s' is an option of EAL: these stand before a '--', and "
				"mcring's own behind it",
				word);
	return mcr_fail(err, -EINVAL, "%s: see mcring --help",
			mcr_option_error(text, sizeof(text), long_options, word));
}

/* EAL has some of these names, too. */
static int check_eal(const char *word, struct mcr_error *err)
{
	const size_t len = strcspn(word, "=");

	for (const struct option *o = long_options; o->name; o++)
		if (o->val != OPT_HELP && o->val != OPT_VERSION && strncmp(word, "--", 2) == 0 &&
		    strcmp(o->name, "log-level") != 0 && strlen(o->name) == len - 2 &&
		    strncmp(o->name, word + 2, len - 2) == 0)
			return mcr_fail(
			    err, -EINVAL,
			    "'%.64s' is an option of mcring: these stand behind a '--', "
			    "and EAL's before it",
			    word);
	return 0;
}

/* argc and argv: the program's name and mcring's own options. */
static int parse_own(struct mcr_options *o, struct mcr_settings *s, int argc, char **argv,
		     struct mcr_error *err)
{
	int option, index, ret;

	optind = 0; /* glibc: start again, its hidden state included */
	opterr = 0;
	for (;;) {
		int at = optind ? optind : 1;

		index = -1;
		option = getopt_long(argc, argv, "+:", long_options, &index);
		if (option == -1)
			break;
		if (option == '?' || option == ':')
			return bad_usage(argv[at], err);
		if (option == OPT_HELP || option == OPT_VERSION) {
			o->action = option == OPT_HELP ? MCR_ACTION_HELP : MCR_ACTION_VERSION;
			return 0;
		}
		ret = apply(o, s, &long_options[index], err);
		if (ret < 0)
			return mcr_fail_prefix(err, ret, "--%s: ", long_options[index].name);
	}
	if (optind < argc)
		return bad_usage(argv[optind], err);
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
		ret = check_eal(argv[i], err);
		if (ret == 0)
			ret = mcr_settings_add_eal(s, argv[i], err);
		if (ret < 0)
			return ret;
	}
	own = calloc((size_t)(argc - dashes) + 1, sizeof(*own)); /* getopt may reorder its array */
	if (!own)
		return mcr_fail_memory(err);
	memcpy(own, argv + dashes, (size_t)(argc - dashes) * sizeof(*own));
	ret = parse_own(o, s, argc - dashes, own, err);
	opterr = 1; /* let EAL's getopt report unknown options: mcr_eal_start quotes it */
	free(own);
	return ret;
}
