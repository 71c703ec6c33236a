/* SPDX-License-Identifier: BSD-3-Clause */
/* The feed's half of the C++ conform. */
#include <cerrno>
#include <cstring>

#include "conform_cc.hpp"

namespace
{

mcring::feed feed;
mcring::feed_polled<BATCH> items;
mcring::feed_batch batch(BATCH, TAKE_BYTES);

void run_open(char *rest)
{
	mcring::feed_options opts;

	feed.close();
	if (read_feed_opts(&opts, rest) != 0)
		return failed(EINVAL, "option");
	feed = mcring::feed(opts);
	ok();
}

void print_gap(std::string_view kind, std::uint32_t key, const mcr_feed_gap &g)
{
	say(kind, key, g.first, g.last, g.why, g.whose, g.host_lost, g.opened_ns, g.declared_ns);
}

template <class Message> void print_event(const Message &m)
{
	using mcring::feed_kind;

	switch (m.kind()) {
	case feed_kind::start:
		return say("start", m->key, m->line, m->seq);
	case feed_kind::gap:
		return print_gap("gap", m->key, m->gap);
	case feed_kind::gap_host:
		return print_gap("gap_host", m->key, m->gap);
	case feed_kind::filled_late:
		return say("filled_late", m->key, m->late.first, m->late.last);
	case feed_kind::reset:
		return say("reset", m->key, m->reset.old_next, m->reset.new_next, m->reset.why);
	case feed_kind::cycle:
		return say("cycle", m->key, m->reset.old_next, m->reset.new_next);
	case feed_kind::line_down:
		return say("line_down", m->line, m->down.why);
	case feed_kind::line_up:
		return say("line_up", m->line);
	case feed_kind::line_switch:
		return say("line_switch", m->key, m->line);
	case feed_kind::silence:
		return say("silence");
	case feed_kind::silence_end:
		return say("silence_end");
	case feed_kind::mismatch:
		return say("mismatch", m->key, m->mismatch.seq, m->mismatch.first_line);
	case feed_kind::implausible:
		return say("implausible", m->key, m->mismatch.seq, m->mismatch.first_line);
	case feed_kind::end_of_session:
		return say("end_of_session", m->key, m->seq);
	case feed_kind::keys_full:
		return say("keys_full");
	case feed_kind::changed:
		return say("changed");
	default:
		return say("kind", m->kind);
	}
}

template <class Message, class Read> void print(const Message &m, Read read)
{
	if (m.kind() != mcring::feed_kind::data)
		return print_event(m);
	const auto payload = read(m);
	if (!payload)
		return say("overwritten", m->key, m->seq);
	say_part("data", m->key, m->line, m->seq, m->count, m->skip, m->flags, m.size());
	print_hex(payload->data(), payload->size());
}

void run_poll(char way, const char *rest)
{
	const auto want = read_count(rest);
	std::error_code ec;

	if (!want)
		return failed(EINVAL, "N is 0 to 1000");
	if (way == 't' && *want > 0) {
		if (!feed.take(batch, ec, *want))
			return failed(ec.value(), nullptr);
		for (const mcring::copied_feed_message &m : batch)
			print(m, payload_of<mcring::copied_feed_message>);
		return ok("%zu", batch.size());
	}
	if (!feed.poll(items, ec, *want))
		return failed(ec.value(), nullptr);
	await_go(rest, static_cast<int>(items.size()));
	for (const mcring::feed_message &m : items)
		print(m,
		      way == 'v' ? view_of<mcring::feed_message> : read_of<mcring::feed_message>);
	feed.release();
	ok("%zu", items.size());
}

void run_insert(char *rest)
{
	const auto key = static_cast<std::uint32_t>(std::strtoul(rest, &rest, 10));
	const std::uint64_t seq = std::strtoull(rest, &rest, 10);
	const auto count = static_cast<std::uint32_t>(std::strtoul(rest, &rest, 10));
	std::vector<std::uint8_t> octets;
	std::error_code ec;

	for (rest += *rest == ' '; *rest && *rest != '-'; rest += 2)
		octets.push_back(
		    static_cast<std::uint8_t>(std::stoi(std::string(rest, 2), nullptr, 16)));
	feed.insert(key, seq, count, octets, ec);
	answer_code(ec);
}

void run_resume(char *rest)
{
	const auto key = static_cast<std::uint32_t>(std::strtoul(rest, &rest, 10));
	std::error_code ec;

	feed.resume(key, std::strtoull(rest, nullptr, 10), ec);
	answer_code(ec);
}

void run_key(std::uint32_t i)
{
	std::error_code ec;
	const mcr_feed_key k = feed.key(i, ec);

	if (ec)
		return answer_code(ec);
	say("ok", k.next, k.gaps, or_dash(k.text));
}

void run_line(std::uint32_t i)
{
	std::error_code ec;
	const mcr_feed_line l = feed.line(i, ec);

	if (ec)
		return answer_code(ec);
	say("ok", l.name, l.is_up, l.packets, l.lost);
}

void run_stats()
{
	const mcr_feed_stats s = feed.stats();

	say("ok", s.lines, s.keys, s.packets, s.messages, s.gaps);
}

void run_config()
{
	std::string_view text = feed.config_text(), separator = "ok ";

	while (!text.empty()) {
		const std::string_view line = text.substr(0, text.find('\n'));

		if (!line.empty()) {
			put(separator);
			put(line);
			separator = "; ";
		}
		text.remove_prefix(line.size() + (line.size() < text.size()));
	}
	put("\n");
}

void run_reattach()
{
	std::error_code ec;
	mcr_error why;

	if (!feed.reattach(ec, &why))
		return failed(ec.value(), why.text);
	ok();
}

} // namespace

void run_feed(char *rest)
{
	const std::string_view word(rest, std::strcspn(rest, " "));

	rest += word.size();
	rest += *rest == ' ';
	if (word == "open")
		run_open(rest);
	else if (word == "close")
		feed.close(), ok();
	else if (!feed)
		failed(EBADF, nullptr);
	else if (word == "poll" || word == "view" || word == "take")
		run_poll(word[0], rest);
	else if (word == "insert")
		run_insert(rest);
	else if (word == "resume")
		run_resume(rest);
	else if (word == "wire")
		say("ok", feed.wire(std::strtoull(rest, nullptr, 10)));
	else if (word == "key")
		run_key(read_number(rest));
	else if (word == "line")
		run_line(read_number(rest));
	else if (word == "stats")
		run_stats();
	else if (word == "config")
		run_config();
	else if (word == "wait")
		ok("%d", feed.wait(std::chrono::milliseconds(std::atoi(rest))));
	else if (word == "sleep")
		ok("%d", sleep_by(feed, std::atoi(rest)));
	else if (word == "reattach")
		run_reattach();
	else
		failed(EINVAL, nullptr);
}

void close_feed()
{
	feed.close();
}
