/* SPDX-License-Identifier: BSD-3-Clause */
/* Feeds in C++17 and later: mcring/feed.h, which says what each call does, in the manner of
 * mcring/consumer.hpp. Link libmcring-feed.
 *
 *     mcring::feed_options opts;
 *     opts.feed = "itch";
 *     mcring::feed feed(opts);
 *     for (const mcring::feed_message &m : feed)
 *             if (m.kind() == mcring::feed_kind::gap)
 *                     recover(m->key, m->gap.first, m->gap.last);
 *             else if (m.kind() != mcring::feed_kind::data)
 *                     continue;
 *             else if (auto octets = m.read(buf))
 *                     decode(*octets, m->skip, m->count); */
#ifndef MCRING_FEED_HPP
#define MCRING_FEED_HPP

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <system_error>

#include <mcring/consumer.hpp>
#include <mcring/feed.h>

namespace mcring
{

/* The members of struct mcr_feed_opts, as MCR_FEED_OPTS_INIT sets them. */
struct feed_options : ::mcr_feed_opts {
	feed_options() noexcept : ::mcr_feed_opts MCR_FEED_OPTS_INIT
	{
	}
};

enum class feed_kind : std::uint8_t {
	data = MCR_FEED_DATA,
	start = MCR_FEED_START,
	gap = MCR_FEED_GAP,
	gap_host = MCR_FEED_GAP_HOST,
	filled_late = MCR_FEED_FILLED_LATE,
	reset = MCR_FEED_RESET,
	line_down = MCR_FEED_LINE_DOWN,
	line_up = MCR_FEED_LINE_UP,
	line_switch = MCR_FEED_LINE_SWITCH,
	silence = MCR_FEED_SILENCE,
	silence_end = MCR_FEED_SILENCE_END,
	mismatch = MCR_FEED_MISMATCH,
	end_of_session = MCR_FEED_END_OF_SESSION,
	implausible = MCR_FEED_IMPLAUSIBLE,
	keys_full = MCR_FEED_KEYS_FULL,
	changed = MCR_FEED_CHANGED,
	cycle = MCR_FEED_CYCLE,
};

namespace detail
{

/* What all items of a feed have; the members of struct mcr_feed_msg are at ->. */
class feed_fields
{
      protected:
	const mcr_feed_msg *m_;

	explicit feed_fields(const mcr_feed_msg *m) noexcept : m_(m)
	{
	}

      public:
	const mcr_feed_msg *operator->() const noexcept
	{
		return m_;
	}
	feed_kind kind() const noexcept
	{
		return static_cast<feed_kind>(m_->kind);
	}
	std::size_t size() const noexcept /* of feed_kind::data: octets of payload */
	{
		return m_->msg->len;
	}
};

struct feed_closer {
	void operator()(mcr_feed *f) const noexcept
	{
		mcr_feed_close(f);
	}
};

} // namespace detail

/* A packet or an event as poll gives it: as mcring::message. */
class feed_message : public detail::feed_fields
{
	mcr_feed *f_;

      public:
	feed_message(const mcr_feed_msg *m, mcr_feed *f) noexcept : feed_fields(m), f_(f)
	{
	}
	template <class Buffer> auto read(Buffer &&buf) const noexcept
	{
		return detail::read_into(buf, [this](void *to, std::size_t cap) {
			return mcr_feed_read(f_, m_, to, cap);
		});
	}
	template <class T = std::byte, class F> auto view(F &&f) const
	{
		return detail::view(in_place<T>(), f, [this] { return intact(); });
	}
	template <class T = std::byte> span<const T> in_place() const noexcept
	{
		return detail::octets<T>(*m_->msg);
	}
	bool intact() const noexcept
	{
		return mcr_feed_intact(f_, m_);
	}
};

/* The same as take gives it, with a copy of the payload. */
class copied_feed_message : public detail::feed_fields
{
      public:
	explicit copied_feed_message(const mcr_feed_msg *m) noexcept : feed_fields(m)
	{
	}
	template <class T = std::byte> span<const T> payload() const noexcept
	{
		return detail::octets<T>(*m_->msg);
	}
};

/* Up to N items of one poll: as mcring::polled, but an insert and a resume end it, too. */
template <std::size_t N = 32> class feed_polled : public detail::range_of<feed_polled<N>>
{
	mcr_feed *f_ = nullptr;
	mcr_feed_msg items_[N];

	friend class feed;
	template <class, class> friend class detail::course;
	template <class Feed> bool fill_from(Feed &feed, std::error_code &ec) noexcept
	{
		return feed.poll(*this, ec);
	}

      public:
	using value_type = feed_message;

	feed_polled() noexcept
	{
	}
	feed_message at(std::size_t i) const noexcept
	{
		return {&items_[i], f_};
	}
};

/* Up to n items of one take: as mcring::batch. */
class feed_batch : public detail::range_of<feed_batch>
{
	std::size_t n_, octets_;
	std::unique_ptr<mcr_feed_msg[]> items_;
	std::unique_ptr<detail::slot[]> msgs_;
	std::unique_ptr<std::byte[]> copies_;

	friend class feed;
	template <class, class> friend class detail::course;
	template <class Feed> bool fill_from(Feed &feed, std::error_code &ec) noexcept
	{
		return feed.take(*this, ec);
	}

      public:
	using value_type = copied_feed_message;

	explicit feed_batch(std::size_t n = 1000) : feed_batch(n, detail::room_of(n))
	{
	}
	feed_batch(std::size_t n, std::size_t octets)
	    : n_(n > 0 ? n : 1), octets_(octets), items_(new mcr_feed_msg[n_]),
	      msgs_(new detail::slot[n_]), copies_(new std::byte[octets])
	{
	}
	std::size_t capacity() const noexcept
	{
		return n_;
	}
	copied_feed_message at(std::size_t i) const noexcept
	{
		return copied_feed_message(&items_[i]);
	}
};

class feed
{
	std::unique_ptr<mcr_feed, detail::feed_closer> f_;
	std::unique_ptr<feed_polled<>> left_; /* for a loop over the feed itself */

	void forget() noexcept
	{
		if (left_)
			left_->clear();
	}
	feed_polled<> &left()
	{
		if (!left_)
			left_ = std::make_unique<feed_polled<>>();
		return *left_;
	}
	bool is_looping() const noexcept
	{
		return left_ && left_->has_left();
	}

      public:
	feed() noexcept = default;
	feed(const mcr_feed_opts &opts, std::error_code &ec, mcr_error *why = nullptr) noexcept
	{
		mcr_feed *f = nullptr;

		ec = detail::code_of(mcr_feed_open(&f, &opts, why));
		f_.reset(f);
	}
	explicit operator bool() const noexcept /* it is open */
	{
		return static_cast<bool>(f_);
	}
	mcr_feed *get() const noexcept /* for what is only there in C */
	{
		return f_.get();
	}
	void close() noexcept
	{
		forget();
		f_.reset();
	}

	/* As those of mcring::reader and mcring::consumer. */
	template <std::size_t N>
	bool poll(feed_polled<N> &items, std::error_code &ec, std::size_t most = N) noexcept
	{
		items.f_ = f_.get();
		mcr_feed_release(f_.get());
		return items.fill(
		    mcr_feed_poll(f_.get(), items.items_, static_cast<int>(most < N ? most : N)),
		    ec);
	}
	bool take(feed_batch &items, std::error_code &ec, std::size_t most = SIZE_MAX) noexcept
	{
		return items.fill(mcr_feed_take(f_.get(), items.items_.get(), &items.msgs_[0].msg,
						static_cast<int>(most < items.n_ ? most : items.n_),
						items.copies_.get(), items.octets_),
				  ec);
	}
	void release() noexcept
	{
		mcr_feed_release(f_.get());
	}
	bool wait(std::chrono::nanoseconds timeout) noexcept
	{
		return mcr_feed_wait(f_.get(), detail::to_ns(timeout)) != 0;
	}
	bool wait() noexcept
	{
		return mcr_feed_wait(f_.get(), UINT64_MAX) != 0;
	}
	int fd() const noexcept
	{
		return mcr_feed_fd(f_.get());
	}
	bool arm() noexcept
	{
		return mcr_feed_arm(f_.get()) == 0;
	}
	bool reattach(std::error_code &ec, mcr_error *why = nullptr) noexcept
	{
		ec = detail::code_of(mcr_feed_reattach(f_.get(), why));
		if (!ec)
			forget(); /* it may be of an engine that ended */
		return !ec;
	}
	bool reattach() noexcept
	{
		std::error_code ec;

		return reattach(ec);
	}
	/* As those of a consumer, which sleep on at a signal. */
	template <class Batch>
	auto messages(Batch &items, std::error_code &ec, unsigned how = 0) noexcept
	{
		return detail::all(*this, items, how, &ec);
	}
	auto messages(std::error_code &ec, unsigned how = 0)
	{
		return messages(left(), ec, how);
	}

	std::uint64_t wire(std::uint64_t seq) const noexcept
	{
		return mcr_feed_wire(f_.get(), seq);
	}
	/* octets: an array, a std::vector, a span or the like. In a loop over the feed itself,
	 * which goes through what one poll gave, insert and resume are std::errc::
	 * resource_unavailable_try_again until that is at its end: try again with the next item, or
	 * loop by way of a feed_batch. */
	template <class Octets>
	void insert(std::uint32_t key, std::uint64_t seq, std::uint32_t count, const Octets &octets,
		    std::error_code &ec) noexcept
	{
		const void *data = std::data(octets);

		static_assert(sizeof(octets[0]) == 1, "octets");
		ec = detail::code_of(is_looping()
					 ? -EAGAIN
					 : mcr_feed_insert(get(), key, seq, count, data ? data : "",
							   std::size(octets)));
	}
	void resume(std::uint32_t key, std::uint64_t next, std::error_code &ec) noexcept
	{
		ec = detail::code_of(is_looping() ? -EAGAIN : mcr_feed_resume(f_.get(), key, next));
	}
	mcr_feed_key key(std::uint32_t i, std::error_code &ec) const noexcept
	{
		mcr_feed_key out{};

		out.size = sizeof(out);
		ec = detail::code_of(mcr_feed_key_info(f_.get(), i, &out));
		return out;
	}
	mcr_feed_line line(std::uint32_t i, std::error_code &ec) const noexcept
	{
		mcr_feed_line out{};

		out.size = sizeof(out);
		ec = detail::code_of(mcr_feed_line_info(f_.get(), i, &out));
		return out;
	}
	mcr_feed_stats stats() const noexcept
	{
		mcr_feed_stats out{};

		out.size = sizeof(out);
		mcr_feed_stats_info(f_.get(), &out);
		return out;
	}
	const char *config_text() const noexcept
	{
		return mcr_feed_config_text(f_.get());
	}

#ifdef __cpp_exceptions
	explicit feed(const mcr_feed_opts &opts)
	{
		detail::or_throw([&](auto &ec, auto *why) { *this = feed(opts, ec, why); });
	}
	template <std::size_t N> bool poll(feed_polled<N> &items, std::size_t most = N)
	{
		std::error_code ec;

		poll(items, ec, most);
		return detail::goes_on(ec);
	}
	bool take(feed_batch &items, std::size_t most = SIZE_MAX)
	{
		std::error_code ec;

		take(items, ec, most);
		return detail::goes_on(ec);
	}
	template <class Batch> auto messages(Batch &items, unsigned how = 0) noexcept
	{
		return detail::all(*this, items, how, nullptr);
	}
	auto messages(unsigned how = 0)
	{
		return messages(left(), how);
	}
	auto begin()
	{
		return messages().begin();
	}
	auto end() const noexcept
	{
		return detail::at_end();
	}
	template <class Octets>
	void insert(std::uint32_t key, std::uint64_t seq, std::uint32_t count, const Octets &octets)
	{
		detail::or_throw([&](auto &ec, auto *) { insert(key, seq, count, octets, ec); });
	}
	void resume(std::uint32_t key, std::uint64_t next)
	{
		detail::or_throw([&](auto &ec, auto *) { resume(key, next, ec); });
	}
	mcr_feed_key key(std::uint32_t i) const
	{
		return detail::or_throw([&](auto &ec, auto *) { return key(i, ec); });
	}
	mcr_feed_line line(std::uint32_t i) const
	{
		return detail::or_throw([&](auto &ec, auto *) { return line(i, ec); });
	}
#endif
};

} // namespace mcring
#endif
