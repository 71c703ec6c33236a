/* SPDX-License-Identifier: BSD-3-Clause */
/* What both halves of the C++ conform program share, beside conform.h. */
#ifndef CONFORM_CC_HPP
#define CONFORM_CC_HPP

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

#include <mcring/feed.hpp>

extern "C" {
#include "conform.h"
}

inline void put(std::string_view text)
{
	std::fwrite(text.data(), 1, text.size(), stdout);
}

template <class Number> std::enable_if_t<std::is_arithmetic_v<Number>> put(Number n)
{
	put(std::to_string(n));
}

/* Words of a line, with a blank behind each; then those of a whole line. */
template <class... Words> void say_part(const Words &...words)
{
	((put(words), put(" ")), ...);
}

template <class... Words> void say(std::string_view first, const Words &...words)
{
	put(first);
	((put(" "), put(words)), ...);
	put("\n");
}

inline void ok()
{
	say("ok");
}

inline void answer_code(std::error_code ec)
{
	if (ec)
		failed(ec.value(), nullptr);
	else
		ok();
}

inline std::string or_dash(const char *text)
{
	return *text ? text : "-";
}

inline std::uint32_t read_number(const char *text)
{
	return static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
}

/* N of a command that polls, or nothing. */
inline std::optional<std::size_t> read_count(const char *text)
{
	const long n = std::strtol(text, nullptr, 10);

	return n < 0 || n > BATCH ? std::nullopt : std::optional(static_cast<std::size_t>(n));
}

/* The payload of a message, in each of the ways; nothing if it was overwritten. */
using whole_payload = std::optional<std::vector<std::byte>>;

template <class Message> whole_payload payload_of(const Message &m)
{
	const auto octets = m.payload();

	return std::vector(octets.begin(), octets.end());
}

template <class Message> whole_payload view_of(const Message &m)
{
	return m.view([](auto octets) { return std::vector(octets.begin(), octets.end()); });
}

template <class Message> whole_payload read_of(const Message &m)
{
	std::vector<std::byte> octets(m.size());

	if (!m.read(octets))
		return std::nullopt;
	return octets;
}

/* Sleeps on the descriptor of a consumer or a feed. */
template <class Reader> int sleep_by(Reader &reader, int ms)
{
	const auto arm = [](void *object) { return static_cast<Reader *>(object)->arm() ? 0 : 1; };

	return sleep_on(reader.fd(), arm, &reader, ms);
}

#endif
