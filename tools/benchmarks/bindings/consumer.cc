/* SPDX-License-Identifier: BSD-3-Clause */
/* consumer RUN_DIR ROUNDS take|read|place: C++ by the rules that tools/benchmarks/bindings.py
 * states. */
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <endian.h>
#include <mcring/consumer.hpp>

namespace
{

using octets = mcring::span<const std::byte>;

struct total {
	std::uint64_t messages = 0, sum = 0;

	void add(octets payload)
	{
		std::uint64_t first;

		std::memcpy(&first, payload.data(), sizeof(first));
		sum += le64toh(first) + payload.size();
		messages++;
	}
};

void require(bool holds, const char *what)
{
	if (!holds)
		throw std::runtime_error(what);
}

mcring::batch copies(1000, 4 << 20);
mcring::polled<1000> msgs;
std::array<std::byte, 65536> buffer;

bool take(mcring::consumer &c, total &t)
{
	require(c.take(copies), "the engine has ended");
	for (const mcring::copied_message &m : copies) {
		require(m.kind() == mcring::kind::data, "an event came");
		t.add(m.payload());
	}
	return !copies.empty();
}

bool read_each(mcring::consumer &c, total &t)
{
	require(c.poll(msgs), "the engine has ended");
	for (const mcring::message &m : msgs) {
		require(m.kind() == mcring::kind::data, "an event came");
		const auto payload = m.read(buffer);
		require(payload.has_value(), "overwritten");
		t.add(*payload);
	}
	return !msgs.empty();
}

bool in_place(mcring::consumer &c, total &t)
{
	require(c.poll(msgs), "the engine has ended");
	for (const mcring::message &m : msgs) {
		require(m.kind() == mcring::kind::data, "an event came");
		require(m.view([&](octets payload) { t.add(payload); }), "overwritten");
	}
	return !msgs.empty();
}

void measure(mcring::consumer &c, std::size_t rounds, bool (*batch)(mcring::consumer &, total &))
{
	using clock = std::chrono::steady_clock;
	std::vector<double> ns;
	total all;

	for (std::size_t i = 0; i < rounds; i++) {
		total t;

		c.seek(MCR_START_OLDEST);
		const clock::time_point since = clock::now();
		while (batch(c, t))
			;
		const std::chrono::duration<double, std::nano> took = clock::now() - since;
		ns.push_back(took.count() / static_cast<double>(t.messages));
		all.messages += t.messages;
		all.sum += t.sum;
	}
	std::sort(ns.begin(), ns.end());
	std::printf("messages %llu sum %llu ns %.2f\n",
		    static_cast<unsigned long long>(all.messages),
		    static_cast<unsigned long long>(all.sum), ns[rounds / 2]);
}

} // namespace

int main(int argc, char **argv)
try {
	const std::string_view way = argc == 4 ? argv[3] : "";
	mcring::options opts;

	require(argc == 4 && std::atoi(argv[2]) > 0,
		"usage: consumer RUN_DIR ROUNDS take|read|place");
	opts.run_dir = argv[1];
	opts.start = MCR_START_OLDEST;
	mcring::consumer c(opts);
	measure(c, static_cast<std::size_t>(std::atoi(argv[2])),
		way == "take"   ? take
		: way == "read" ? read_each
				: in_place);
	return 0;
} catch (const std::exception &e) {
	std::fprintf(stderr, "consumer: %s\n", e.what());
	return 1;
}
