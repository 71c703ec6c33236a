/* SPDX-License-Identifier: BSD-3-Clause */
/* conform: the C++ headers for the scenarios of tests/bindings; README.md has the commands. What
 * has a text is called in the form that throws, the rest in the one that does not. */
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <sys/wait.h>
#include <unistd.h>

#include "conform_cc.hpp"

namespace
{

mcring::consumer consumer;
mcring::cursor cursor;
mcring::polled<BATCH> msgs;
mcring::batch batch(BATCH, TAKE_BYTES);

/* ---- items ---- */

template <class Message> void print_event(const Message &m)
{
	const auto ring = m->pos.ring;

	switch (m.kind()) {
	case mcring::kind::lost:
		say("lost", ring, m.seq(), m.lost());
		break;
	case mcring::kind::link:
		say("link", ring, m.seq(), m->id, m->flags);
		break;
	case mcring::kind::restart:
		say("restart", ring, m->since_ns, m->rx_ns);
		break;
	case mcring::kind::stall:
		say("stall", ring, m->rx_ns);
		break;
	case mcring::kind::engine_stall:
		say("engine_stall", m->flags, m->since_ns, m->rx_ns);
		break;
	default:
		say("kind", m->kind);
	}
}

/* Prints a message of which read(m) gives the payload, if it was whole. */
template <class Message, class Read> void print(const Message &m, Read read)
{
	if (m.kind() != mcring::kind::data)
		return print_event(m);
	const auto payload = read(m);
	if (!payload)
		return say("overwritten", m->pos.ring, m.seq());
	say_part("data", m->pos.ring, m.seq(), mcring::to_string(m->group), m->dst_port,
		 mcring::to_string(m->source), m->src_port, m->id, m->vlan, m->interface, m->ttl,
		 m->traffic_class, m->flags, m->rx_ns, m->hw_ns, m.size());
	print_hex(payload->data(), payload->size());
}

void run_poll(mcring::reader &c, char way, const char *rest)
{
	const auto want = read_count(rest);
	std::error_code ec;

	if (!want)
		return failed(EINVAL, "N is 0 to 1000");
	if (way == 't' && *want > 0) {
		if (!c.take(batch, ec, *want))
			return failed(ec.value(), nullptr);
		for (const mcring::copied_message &m : batch)
			print(m, payload_of<mcring::copied_message>);
		return ok("%zu", batch.size());
	}
	if (!c.poll(msgs, ec, *want))
		return failed(ec.value(), nullptr);
	await_go(rest, static_cast<int>(msgs.size()));
	for (const mcring::message &m : msgs)
		print(m, way == 'v' ? view_of<mcring::message> : read_of<mcring::message>);
	c.release();
	ok("%zu", msgs.size());
}

void run_follow(const char *rest)
{
	const auto want = std::strtoull(rest, nullptr, 10);
	unsigned long long data = 0, lost = 0, sum = 0;

	for (const mcring::copied_message &m : consumer.messages(batch)) {
		if (m.kind() == mcring::kind::lost)
			lost += m.lost();
		if (m.kind() == mcring::kind::data) {
			data++;
			for (auto octet : m.payload<unsigned char>())
				sum += octet;
		}
		if (data + lost >= want)
			return ok("%llu %llu %llu", data, lost, sum);
	}
	failed(EPIPE, nullptr);
}

void run_held()
{
	static mcring::polled<1> one;
	std::error_code ec;

	do {
		if (!consumer.poll(one, ec))
			return failed(ec.value(), nullptr);
		if (one.empty())
			return failed(EAGAIN, nullptr);
	} while (one[0].kind() != mcring::kind::data);
	const mcring::message m = one[0];
	const bool intact = m.view([&](auto octets) {
		say_part("held", m.seq());
		print_hex(octets.data(), octets.size());
		std::fflush(stdout);
		std::array<char, 64> line;
		std::fgets(line.data(), line.size(), stdin);
	});
	ok(intact ? "intact" : "overwritten");
	consumer.release();
}

/* ---- the consumer ---- */

void run_open(char *rest)
{
	mcring::options opts;
	selection s{};

	consumer.close();
	batch.clear();
	if (read_opts(&opts, &s, rest) != 0)
		return failed(EINVAL, "option");
	consumer = mcring::consumer(opts);
	ok();
}

void run_cursor(char *rest)
{
	mcring::options opts;
	selection s{};

	cursor.close();
	if (read_opts(&opts, &s, rest) != 0)
		return failed(EINVAL, "option");
	cursor = mcring::cursor(consumer, opts);
	ok();
}

void run_select(char *rest)
{
	selection s{};
	option o;

	while (next_option(&rest, &o))
		if (read_selection(&s, &o) != 0)
			return failed(EINVAL, "selection");
	consumer.select({s.groups, s.n_groups}, {s.ids, s.n_ids});
	ok();
}

void run_reattach(mcring::reader &c)
{
	std::error_code ec;
	mcr_error why;

	if (!c.reattach(ec, &why))
		return failed(ec.value(), why.text);
	ok();
}

void run_seek(const char *rest)
{
	std::error_code ec;
	std::uint64_t seq;

	consumer.seek(static_cast<mcr_start>(start_of(rest, &seq)), ec);
	answer_code(ec);
}

void run_ring(std::uint32_t i)
{
	const mcr_consumer_ring r = consumer.ring(i);

	say("ok", r.ring, r.epoch, r.oldest, r.next, r.head, r.watermark_ns, r.host_lost);
}

void run_interface(std::uint32_t i)
{
	const mcr_consumer_interface in = consumer.interface(i);
	const auto address = mcring::to_string(in.address) + "/" + std::to_string(in.prefix_len);

	say("ok", in.index, or_dash(in.name), address, in.vlan, in.dpdk_port, or_dash(in.port),
	    or_dash(in.netdev), or_dash(in.kernel));
}

/* ---- the process ---- */

void run_address(const char *text)
{
	std::error_code ec;
	const mcring::address address = mcring::parse_address(text, ec);

	if (ec)
		return failed(ec.value(), nullptr);
	say("ok", mcring::to_string(address));
}

void run_cycle(char *rest)
{
	mcring::options opts;
	selection s{};
	const long n = std::strtol(rest, &rest, 10);
	long opened = 0;

	if (read_opts(&opts, &s, *rest ? rest + 1 : rest) != 0)
		return failed(EINVAL, "option");
	for (long i = 0; i < n; i++) {
		std::error_code ec;
		mcring::consumer c(opts, ec);

		if (ec)
			continue;
		opened++;
		c.poll(msgs, ec, 16);
		c.take(batch, ec, 16);
	}
	ok("%ld", opened);
}

void close_all()
{
	cursor.close();
	consumer.close();
	close_feed();
}

void run_fork()
{
	int status;
	const pid_t child = fork();

	if (child == 0) {
		close_all();
		_exit(0);
	}
	waitpid(child, &status, 0);
	ok("%d", WEXITSTATUS(status));
}

/* ---- commands ---- */

/* Commands of an open consumer; false if word is none. */
bool run_consumer(std::string_view word, char *rest)
{
	if (word == "poll" || word == "view" || word == "take")
		run_poll(consumer, word[0], rest);
	else if (word == "follow")
		run_follow(rest);
	else if (word == "held")
		run_held();
	else if (word == "wait")
		ok("%d", consumer.wait(std::chrono::milliseconds(std::atoi(rest))));
	else if (word == "sleep")
		ok("%d", sleep_by(consumer, std::atoi(rest)));
	else if (word == "seek")
		run_seek(rest);
	else if (word == "select")
		run_select(rest);
	else if (word == "join")
		consumer.join(rest), ok();
	else if (word == "leave")
		consumer.leave(rest), ok();
	else if (word == "reattach")
		run_reattach(consumer);
	else if (word == "skipped")
		say("ok", consumer.skipped());
	else if (word == "rings")
		say("ok", consumer.rings());
	else if (word == "headroom")
		say("ok", consumer.headroom());
	else if (word == "until")
		say("ok", consumer.until(read_number(rest)).time_since_epoch().count());
	else if (word == "ring")
		run_ring(read_number(rest));
	else if (word == "interface")
		run_interface(read_number(rest));
	else if (word == "cursor")
		run_cursor(rest);
	else
		return false;
	return true;
}

bool run_on_cursor(std::string_view word, char *rest)
{
	if (word == "cpoll" || word == "ctake")
		run_poll(cursor, word[1], rest);
	else if (word == "creattach")
		run_reattach(cursor);
	else
		return false;
	return true;
}

void run(char *line)
{
	char *rest = line + std::strcspn(line, " ");

	if (*rest)
		*rest++ = '\0';
	const std::string_view word = line;
	if (word == "open")
		run_open(rest);
	else if (word == "close")
		consumer.close(), ok();
	else if (word == "cclose")
		cursor.close(), ok();
	else if (word == "feed")
		run_feed(rest);
	else if (word == "abi")
		ok("%s %s", MCR_SOVERSION, MCR_VERSION);
	else if (word == "address")
		run_address(rest);
	else if (word == "cycle")
		run_cycle(rest);
	else if (word == "fork")
		run_fork();
	else if (word == "keep" || word == "kept" || word == "busy")
		failed(ENOTSUP, nullptr);
	else if (!(consumer && run_consumer(word, rest)) && !(cursor && run_on_cursor(word, rest)))
		failed(consumer && line[0] != 'c' ? EINVAL : EBADF, nullptr);
}

} // namespace

int main()
{
	static std::array<char, 1 << 20> line;

	while (std::fgets(line.data(), line.size(), stdin)) {
		line[std::strcspn(line.data(), "\n")] = '\0';
		try {
			run(line.data());
		} catch (const mcring::error &e) {
			failed(e.code().value(), e.text());
		}
		std::fflush(stdout);
	}
	close_all();
	return 0;
}
