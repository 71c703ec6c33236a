/* SPDX-License-Identifier: BSD-3-Clause */
/* Uses all of mcring/consumer.hpp and mcring/feed.hpp, in both forms where there are exceptions: it
 * is compiled, and not run. */
#include <mcring/feed.hpp>

#include <array>
#include <cstdio>
#include <type_traits>
#include <vector>

static_assert(std::is_nothrow_move_constructible_v<mcring::consumer>);
static_assert(std::is_nothrow_move_assignable_v<mcring::feed>);
static_assert(!std::is_copy_constructible_v<mcring::consumer>);
static_assert(!std::is_copy_constructible_v<mcring::polled<>>);
static_assert(!std::is_copy_constructible_v<mcring::batch>);
static_assert(std::is_nothrow_move_constructible_v<mcring::batch>);
static_assert(std::is_nothrow_move_assignable_v<mcring::feed_batch>);
static_assert(std::is_trivially_copyable_v<mcring::message>);
#if __cplusplus >= 202002L
#include <ranges>
static_assert(std::is_same_v<mcring::span<char>, std::span<char>>);
static_assert(std::ranges::input_range<mcring::polled<>>);
static_assert(std::ranges::input_range<mcring::feed_batch>);
#ifdef __cpp_exceptions
static_assert(std::ranges::input_range<mcring::consumer>);
static_assert(std::ranges::input_range<mcring::feed>);
#endif
#endif

template <class Message> static std::size_t read_in_all_ways(const Message &m)
{
	char plain[100];
	std::array<std::byte, 100> array;
	std::vector<unsigned char> vector(100);
	mcring::span<std::uint8_t> part(vector);
	std::size_t n = 0;

	if (auto octets = m.read(plain))
		n += octets->size() + static_cast<std::size_t>((*octets)[0]);
	if (auto octets = m.read(array))
		n += octets->size();
	if (auto octets = m.read(vector))
		n += octets->size();
	if (auto octets = m.read(part.subspan(2)))
		n += octets->size();
	if (auto size = m.view([](mcring::span<const std::byte> octets) { return octets.size(); }))
		n += *size;
	if (m.view([&](auto octets) { n += octets.empty(); }))
		n++;
	if (auto first = m.template view<char>([](auto octets) { return octets[0]; }))
		n += static_cast<std::size_t>(*first);
	if (m.in_place()[0] == std::byte(1) && m.intact())
		n++;
	return n + m.size();
}

static std::size_t use(mcring::consumer &c, std::error_code &ec)
{
	const std::uint32_t ids[] = {1, 2};
	const std::vector<mcr_select_group> groups{mcring::group("239.1.1.1", 5000, ec)};
	mcring::cursor cursor(c, mcring::options(), ec);
	mcring::polled<7> msgs;
	mcring::batch batch(100, MCR_TAKE_ROOM);
	mcr_error why;
	std::size_t n = 0;

	c.select(groups, ids, ec, &why);
	c.select({}, {}, ec);
	c.join("239.1.1.1:5000", ec, &why);
	c.leave("239.1.1.1:5000", ec);
	c.seek(MCR_START_OLDEST, ec);
	while (cursor.poll(msgs, ec) && c.poll(msgs, ec, 3) && !msgs.empty())
		for (const mcring::message &m : msgs)
			n += read_in_all_ways(m);
	while (c.take(batch, ec))
		for (const mcring::copied_message &m : batch)
			n += m.payload().size() + m.payload<char>().size() + m->vlan;
	for (const mcring::message &m : c.messages(ec))
		if (m.kind() == mcring::kind::lost)
			n += m.lost() + m.seq() + (m.rx_time() < c.until(0));
	for (const mcring::copied_message &m : c.messages(batch, ec, mcring::spin | mcring::stay))
		n += m.size();
	n += c.wait(std::chrono::seconds(1)) + c.wait() + c.arm() + c.reattach();
	n += c.ring(0, ec).head + c.interface(0, ec).index + c.skipped() + c.rings() + c.headroom();
	const mcring::hold hold = c.hold(ec);
	return n + (c.fd() >= 0) + (hold != nullptr);
}

static std::size_t use(mcring::feed &f, std::error_code &ec)
{
	mcring::feed_polled<> items;
	mcring::feed_batch batch;
	std::size_t n = 0;

	while (f.poll(items, ec) && !items.empty())
		for (const mcring::feed_message &m : items)
			n += read_in_all_ways(m);
	while (f.take(batch, ec))
		for (const mcring::copied_feed_message &m : batch)
			n += m.payload<char>().size() + m->skip;
	for (const mcring::feed_message &m : f.messages(ec))
		if (m.kind() == mcring::feed_kind::gap)
			n += m->gap.first;
	for (const mcring::copied_feed_message &m : f.messages(batch, ec, mcring::stay))
		n += m.size();
	f.insert(0, 1, 1, "octets", ec);
	f.insert(0, 1, 1, std::vector<std::byte>(5), ec);
	f.resume(0, f.wire(7), ec);
	n += f.key(0, ec).gaps + f.line(0, ec).lost + f.stats().packets +
	     (f.config_text() != nullptr);
	n += f.wait(std::chrono::milliseconds(5)) + f.wait() + f.arm() + f.reattach();
	return n + (f.fd() >= 0);
}

#ifdef __cpp_exceptions
static std::size_t use_throwing(mcring::consumer &c)
{
	const std::vector<mcr_select_group> groups{mcring::group("239.1.1.1")};
	mcring::cursor cursor(c, mcring::options());
	mcring::polled<> msgs;
	mcring::batch batch;
	std::size_t n = 0;

	c.select(groups);
	c.join("239.1.1.1:5000");
	c.leave("239.1.1.1:5000");
	c.seek(MCR_START_NEWEST);
	while (c.poll(msgs) && cursor.poll(msgs, 5) && c.take(batch))
		n += msgs.size() + batch.size();
	for (const mcring::message &m : c)
		n += m.size();
	for (const mcring::message &m : c.messages(msgs, mcring::stay))
		n += m.size();
	for (const mcring::message &m : c.messages())
		n += m.size();
	n += mcring::to_string(c.interface(0).address).size();
	return n + c.ring(0).head + (c.hold() != nullptr);
}

static std::size_t use_throwing(mcring::feed &f)
{
	mcring::feed_polled<> items;
	mcring::feed_batch batch;
	std::size_t n = 0;

	while (f.poll(items) && f.take(batch))
		n += items.size() + batch.size();
	for (const mcring::feed_message &m : f)
		n += m.size();
	for (const mcring::copied_feed_message &m : f.messages(batch))
		n += m.size();
	f.insert(0, 1, 1, std::array<char, 3>{});
	f.resume(0, 7);
	return n + f.key(0).gaps + f.line(0).lost;
}
#endif

int main()
{
	std::error_code ec;
	mcr_error why;
	mcring::consumer consumer(mcring::options(), ec, &why);
	mcring::feed feed(mcring::feed_options(), ec);
	const mcring::address a = mcring::parse_address("10.0.0.7", ec);
	std::size_t n = consumer && feed && (a == mcr_address_from_ipv4(0) || a < a || a != a);

	n += use(consumer, ec) + use(feed, ec);
#ifdef __cpp_exceptions
	try {
		mcring::consumer other(mcring::options{});
		mcring::feed another(mcring::feed_options{});

		n += use_throwing(other) + use_throwing(another);
		consumer = std::move(other);
	} catch (const mcring::error &e) {
		std::printf("%s %d\n", e.text(), e.code() == std::errc::broken_pipe);
	}
#endif
	consumer.close();
	feed.close();
	return n == 7;
}
