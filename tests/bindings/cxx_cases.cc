/* SPDX-License-Identifier: BSD-3-Clause */
/* cxx_cases CASE [RUN_DIR]: what the C++ headers add to C, one case at a time. It aborts where
 * something is not as it should be; what test_cxx.py compares, it prints. */
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/time.h>

#include <mcring/feed.hpp>

#define CHECK(what)                                                                         \
	do {                                                                                \
		if (!(what)) {                                                              \
			std::fprintf(stderr, "%s:%d: not %s\n", __FILE__, __LINE__, #what); \
			std::abort();                                                       \
		}                                                                           \
	} while (0)

namespace
{

using namespace std::chrono_literals;

/* The error that f throws. */
template <class F> mcring::error error_of(F f)
{
	try {
		f();
	} catch (const mcring::error &e) {
		return e;
	}
	std::fputs("nothing was thrown\n", stderr);
	std::abort();
}

mcring::consumer open(const char *run_dir, mcr_start start = MCR_START_OLDEST)
{
	mcring::options opts;

	opts.run_dir = run_dir;
	opts.start = start;
	return mcring::consumer(opts);
}

/* ---- loops ---- */

/* Goes through n messages by loops that end after each third, and prints which it saw. */
template <class Loop> void print_by_threes(const char *name, unsigned n, Loop loop)
{
	std::fputs(name, stdout);
	for (unsigned seen = 0; seen < n;) {
		unsigned in_this = 0;

		for (const auto m : loop()) {
			std::printf(" %llu", static_cast<unsigned long long>(m.seq()));
			if (++seen == n || ++in_this == 3)
				break;
		}
	}
	std::puts("");
}

void leave_loops(const char *run_dir)
{
	mcring::consumer c = open(run_dir), d = open(run_dir), e = open(run_dir), f = open(run_dir);
	mcring::polled<7> msgs;
	mcring::batch batch(5);
	std::error_code ec;

	print_by_threes(
	    "consumer", 40, [&]() -> auto & { return c; });
	print_by_threes("polled", 40, [&] { return d.messages(msgs); });
	print_by_threes("batch", 40, [&] { return e.messages(batch, ec, mcring::spin); });
	print_by_threes("codes", 40, [&] { return f.messages(ec); });
}

std::uint64_t first_of(mcring::consumer &c)
{
	for (const mcring::message &m : c)
		return m.seq();
	return 0;
}

void move(const char *run_dir)
{
	mcring::consumer a = open(run_dir);

	CHECK(first_of(a) == 1 && first_of(a) == 2);
	mcring::consumer b = std::move(a);
	CHECK(!a && b && first_of(b) == 3);
	a = std::move(b);
	CHECK(a && !b && first_of(a) == 4);
	std::vector<mcring::consumer> all;
	all.push_back(std::move(a));
	all.push_back(open(run_dir));
	all.emplace_back();
	CHECK(first_of(all[0]) == 5 && first_of(all[1]) == 1 && !all[2]);
}

/* A batch goes elsewhere with its payloads, and there is none of no messages. */
void move_batches(const char *run_dir)
{
	mcring::consumer c = open(run_dir);
	mcring::batch a(2), b, none(0);

	CHECK(c.take(a) && a.size() == 2);
	const mcring::span<const std::byte> payload = a[0].payload();
	b = std::move(a);
	CHECK(a.empty() && b.size() == 2 && b[0].payload().data() == payload.data());
	mcring::batch d = std::move(b);
	CHECK(b.empty() && d[1].seq() == 2 && d.capacity() == 2);
	CHECK(c.take(d) && d.size() == 2 && d[0].seq() == 3);
	CHECK(c.take(none) && none.size() == 1 && none[0].seq() == 5);
}

void forget(const char *run_dir)
{
	mcring::consumer c = open(run_dir);

	CHECK(first_of(c) == 1);
	c.seek(MCR_START_OLDEST);
	CHECK(first_of(c) == 1 && first_of(c) == 2);
	c.seek(MCR_START_NEWEST);
	mcring::polled<> msgs;
	CHECK(c.poll(msgs) && msgs.empty() && !c.wait(0ns) && !c.wait(-1ns));
	c.close();
	CHECK(!c);
	c.close();
	c = open(run_dir);
	CHECK(first_of(c) == 1);
}

/* What was polled is released by the next poll, or at once. */
void release(const char *run_dir)
{
	mcring::consumer c = open(run_dir);
	mcring::polled<20> msgs;

	CHECK(c.poll(msgs) && msgs.size() == 20);
	const std::uint64_t held = c.headroom();
	CHECK(c.poll(msgs) && msgs.size() == 20 && c.headroom() > held);
	const std::uint64_t more = c.headroom();
	c.release();
	CHECK(c.headroom() > more);
}

void print_kinds(mcring::consumer &c, unsigned how)
{
	static const std::map<mcring::kind, const char *> names{{mcring::kind::data, "data"},
								{mcring::kind::lost, "lost"},
								{mcring::kind::restart, "restart"}};
	mcring::batch batch;

	for (const mcring::copied_message &m : c.messages(batch, how)) {
		const auto octets = m.payload<char>();

		std::printf("%s %.*s\n", names.at(m.kind()),
			    m.kind() == mcring::kind::data ? static_cast<int>(octets.size()) : 0,
			    octets.data());
		std::fflush(stdout);
		if (std::string_view(octets.data(), octets.size()) == "last")
			break;
	}
	std::puts("end");
}

/* ---- a reader that does what a case wants ---- */

/* Its first two polls find nothing, the next fail, and so do the reattaches after two waits more.
 */
struct made_up {
	int poll_error, reattach_error;
	unsigned polls = 0, waits = 0, reattaches = 0;

	template <class Batch> bool poll(Batch &, std::error_code &ec)
	{
		ec = mcring::detail::code_of(polls < 2 ? 0 : -poll_error);
		return polls++ < 2;
	}
	bool reattach(std::error_code &ec)
	{
		ec = mcring::detail::code_of(-(reattaches++ < 2 ? EAGAIN : reattach_error));
		return !ec;
	}
	bool wait()
	{
		waits++;
		return true;
	}
};

/* The code with which a loop ends that does not throw; one that does throws the same. */
std::error_code end_of(int poll_error, int reattach_error, unsigned how)
{
	made_up a{poll_error, reattach_error}, b = a;
	mcring::polled<> msgs;
	std::error_code ec = std::make_error_code(std::errc::io_error);

	for (const mcring::message &m : mcring::detail::all(a, msgs, how, &ec))
		CHECK(!m.seq() && "a message of nothing");
	if (ec) {
		const auto loop = [&] { mcring::detail::all(b, msgs, how, nullptr).begin(); };
		CHECK(error_of(loop).code() == ec);
	} else {
		CHECK(mcring::detail::all(b, msgs, how, nullptr).begin() ==
		      mcring::detail::at_end());
	}
	CHECK(a.waits == (how & mcring::spin ? 0u : 2u) + (a.reattaches > 0 ? 2u : 0u));
	return ec;
}

void end_loops()
{
	CHECK(!end_of(EPIPE, 0, 0));
	CHECK(!end_of(EPIPE, 0, mcring::spin));
	CHECK(end_of(EPROTO, 0, 0) == std::errc::protocol_error);
	CHECK(end_of(EPROTO, 0, mcring::stay | mcring::spin) == std::errc::protocol_error);
	CHECK(end_of(EPIPE, EINVAL, mcring::stay) == std::errc::invalid_argument);
}

/* ---- errors ---- */

void fail(const char *)
{
	std::error_code ec;
	mcr_error why;
	mcring::options opts;

	opts.run_dir = "/nowhere";
	mcring::consumer c(opts, ec, &why);
	CHECK(!c && ec == std::errc::no_such_file_or_directory);
	const mcring::error e = error_of([&] { mcring::consumer d(opts); });
	CHECK(e.code() == ec && e.text() == std::string(why.text) && e.what() == e.text());
	const std::system_error &base = e;
	CHECK(base.what() == std::string(why.text));
	const mcring::error copy = e;
	CHECK(copy.text() == std::string(why.text) && copy.text() != e.text());

	const mcring::error bare = error_of([] { mcring::parse_address("10.0.0"); });
	CHECK(bare.code() == std::errc::invalid_argument && bare.text()[0] != '\0');
	CHECK(mcring::parse_address("10.0.0", ec) == mcring::address{} && ec);
	CHECK(mcring::parse_address("10.0.0.7", ec) == mcring::group("10.0.0.7").group && !ec);
	CHECK(mcring::to_string(mcring::parse_address("FF02::0:1")) == "ff02::1");
	CHECK(mcring::parse_address("10.0.0.7") < mcring::parse_address("10.0.0.10"));
}

void fail_open(const char *run_dir)
{
	mcring::consumer c = open(run_dir);
	std::error_code ec;
	mcr_error why;

	c.join("nonsense", ec, &why);
	CHECK(ec == std::errc::invalid_argument);
	const mcring::error e = error_of([&] { c.join("nonsense"); });
	CHECK(e.code() == ec && e.text() == std::string(why.text));
	const std::string_view with_nul("239.1.1.1:5000\0,id=3", 20);
	c.join(with_nul, ec, &why);
	CHECK(ec == std::errc::invalid_argument && std::strstr(why.text, "NUL"));
	CHECK(error_of([&] { c.leave(with_nul); }).code() == ec);
	CHECK(error_of([&] { c.ring(9); }).code() == std::errc::no_such_file_or_directory);
	CHECK(error_of([&] { c.seek(MCR_START_SEQ); }).code() == std::errc::invalid_argument);
	const std::vector<mcr_select_group> unicast{mcring::group("10.0.0.7")};
	CHECK(error_of([&] { c.select(unicast); }).code() == std::errc::invalid_argument);
	mcring::batch small(10, MCR_TAKE_ROOM - 1);
	CHECK(error_of([&] { c.take(small); }).code() == std::errc::invalid_argument);
	CHECK(small.empty() && first_of(c) == 1);
}

/* ---- payloads ---- */

void read_payloads(const char *run_dir)
{
	mcring::consumer c = open(run_dir);
	mcring::polled<1> one;
	std::array<char, 3> small;
	std::vector<std::byte> large(100);

	CHECK(c.poll(one) && one.size() == 1 && one[0].size() == 6);
	const mcring::message m = one[0];
	const auto cut = m.read(small);
	CHECK(cut && cut->size() == 3 && cut->data() == small.data());
	const auto whole = m.read(large);
	CHECK(whole && whole->size() == 6 && std::memcmp(whole->data(), "000000", 6) == 0);
	CHECK(m.read(std::array<char, 0>{})->empty());
	CHECK(m.view<char>([](auto octets) { return std::string(octets.data(), octets.size()); }) ==
	      "000000");
	std::size_t seen = 0;
	CHECK(m.view([&](auto octets) { seen = octets.size(); }) && seen == 6);
	CHECK(m.intact() && m.in_place<unsigned char>()[5] == '0');

	const mcring::hold hold = c.hold();
	const auto kept = m.in_place<char>();
	c.close();
	CHECK(std::memcmp(kept.data(), "000000", 6) == 0);
}

void be_interrupted(const char *run_dir)
{
	const itimerval soon{{0, 0}, {0, 50000}};
	mcring::consumer c = open(run_dir, MCR_START_NEWEST);

	std::signal(SIGALRM, [](int) {});
	setitimer(ITIMER_REAL, &soon, nullptr);
	CHECK(c.wait());
	mcring::polled<> msgs;
	CHECK(c.poll(msgs) && msgs.empty() && c.arm() && c.fd() >= 0);
}

/* ---- feeds ---- */

/* Holds a packet in place until the test says that it was overwritten. */
void be_overtaken(const char *run_dir)
{
	mcring::feed_options opts;
	mcring::feed_polled<1> one;
	std::array<char, 100> buffer;

	opts.run_dir = run_dir;
	opts.start = MCR_START_OLDEST;
	mcring::feed f(opts);
	do
		CHECK(f.poll(one) && one.size() == 1);
	while (one[0].kind() != mcring::feed_kind::data);
	CHECK(one[0].view([](auto octets) { return octets.size(); }) == one[0].size());
	CHECK(!one[0].view([](auto) {
		std::puts("held");
		std::fflush(stdout);
		return std::getchar();
	}));
	CHECK(!one[0].intact() && !one[0].read(buffer));
}

/* A gap can be given back only when the loop has seen what was polled with it. */
void insert_in_a_loop(const char *run_dir)
{
	mcring::feed_options opts;
	unsigned refused = 0, seen = 0;

	opts.run_dir = run_dir;
	opts.start = MCR_START_OLDEST;
	opts.late = 1;
	mcring::feed f(opts);
	bool is_missing = false;
	for (const mcring::feed_message &m : f) {
		if (m.kind() == mcring::feed_kind::data)
			std::printf("data %llu\n", static_cast<unsigned long long>(m->seq));
		if (m.kind() == mcring::feed_kind::gap)
			is_missing = true;
		if (is_missing) {
			const std::array<unsigned char, 8> octets{0, 0, 0, 0, 0, 0, 0, 2};
			std::error_code ec;

			f.insert(0, 2, 1, octets, ec);
			is_missing = static_cast<bool>(ec);
			if (is_missing) {
				refused++;
				CHECK(ec == std::errc::resource_unavailable_try_again);
				f.resume(0, 2, ec);
				CHECK(ec == std::errc::resource_unavailable_try_again);
			}
		}
		if (m.kind() == mcring::feed_kind::data && ++seen == 4)
			break;
	}
	CHECK(refused > 0);

	mcring::feed left(opts);
	std::error_code ec;
	for (const mcring::feed_message &m : left)
		if (m.kind() == mcring::feed_kind::start)
			break;
	left.resume(7, 5, ec);
	CHECK(ec == std::errc::resource_unavailable_try_again);
	CHECK(left.reattach()); /* may unmap what the loop had left */
	left.resume(7, 5, ec);
	CHECK(ec == std::errc::no_such_file_or_directory);

	mcring::feed g = std::move(f);
	CHECK(!f && g && g.key(0).next == 5);
	CHECK(g.stats().lines == 2 && g.stats().messages == 3 && g.stats().late_messages == 1);
	CHECK(g.line(1).packets == 2 && g.line(1).lost == 1);
	CHECK(error_of([&] { g.key(7); }).code() == std::errc::no_such_file_or_directory);
}

} // namespace

int main(int argc, char **argv)
{
	const std::string_view name = argc > 1 ? argv[1] : "";
	const char *run_dir = argc > 2 ? argv[2] : nullptr;

	if (name == "stay" || name == "end") {
		mcring::consumer c = open(run_dir);
		std::signal(SIGALRM, [](int) {});
		print_kinds(c, name == "stay" ? mcring::stay : 0u);
		return 0;
	}
	const std::map<std::string_view, void (*)(const char *)> cases{
	    {"leave", leave_loops},
	    {"move", move},
	    {"move_batches", move_batches},
	    {"forget", forget},
	    {"release", release},
	    {"end_loops", [](const char *) { end_loops(); }},
	    {"fail", fail},
	    {"fail_open", fail_open},
	    {"read", read_payloads},
	    {"interrupt", be_interrupted},
	    {"overtaken", be_overtaken},
	    {"insert", insert_in_a_loop}};
	cases.at(name)(run_dir);
	return 0;
}
