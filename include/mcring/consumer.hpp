/* SPDX-License-Identifier: BSD-3-Clause */
/* The consumer in C++17 and later. It is mcring/consumer.h, which says what each call does, with an
 * owner for each object, ranges, spans and errors as mcring/error.hpp has them. Link
 * libmcring-client; a call costs what it costs in C.
 *
 *     mcring::options opts;
 *     opts.channel = "md";
 *     mcring::consumer consumer(opts);
 *     for (const mcring::message &m : consumer)
 *             if (m.kind() == mcring::kind::data)
 *                     if (auto octets = m.read(buf))
 *                             handle(*octets);
 *
 * or, without a loop that waits,
 *
 *     mcring::polled<> msgs;
 *     while (consumer.poll(msgs))
 *             for (const mcring::message &m : msgs)
 *                     m.view([](mcring::span<const std::byte> octets) { ... });
 *
 * Threads, forks and what is done with a closed object are the program's affair, as in C. */
#ifndef MCRING_CONSUMER_HPP
#define MCRING_CONSUMER_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include <mcring/address.hpp>
#include <mcring/consumer.h>
#include <mcring/error.hpp>
#include <mcring/message.hpp>
#include <mcring/reader.hpp>
#include <mcring/span.hpp>

namespace mcring
{

/* The members of struct mcr_consumer_opts, as MCR_CONSUMER_OPTS_INIT sets them. */
struct options : ::mcr_consumer_opts {
	options() noexcept : ::mcr_consumer_opts MCR_CONSUMER_OPTS_INIT
	{
	}
};

/* A group to select, by its text; port 0 is any. Errors: as parse_address. */
inline mcr_select_group group(std::string_view text, std::uint16_t port,
			      std::error_code &ec) noexcept
{
	return {parse_address(text, ec), port};
}

#ifdef __cpp_exceptions
inline mcr_select_group group(std::string_view text, std::uint16_t port = 0)
{
	return {parse_address(text), port};
}
#endif

namespace detail
{

struct closer {
	void operator()(mcr_consumer *c) const noexcept
	{
		mcr_consumer_close(c);
	}
	void operator()(mcr_hold *hold) const noexcept
	{
		mcr_hold_release(hold);
	}
};

/* Octets for a batch of n. */
inline std::size_t room_of(std::size_t n) noexcept
{
	return 32 * std::size_t(MCR_TAKE_ROOM) + n * 1500;
}

/* Calls mcr_consumer_join or mcr_consumer_leave, for which a NUL would end the text. */
template <class Call>
std::error_code ask(Call call, mcr_consumer *c, std::string_view text, mcr_error *why)
{
	static constexpr char has_nul[] = "the text of the join has a NUL in it";

	if (text.find('\0') == text.npos)
		return code_of(call(c, std::string(text).c_str(), why));
	if (why)
		std::memcpy(why->text, has_nul, sizeof(has_nul));
	return std::make_error_code(std::errc::invalid_argument);
}

inline std::uint64_t to_ns(std::chrono::nanoseconds time) noexcept
{
	return time.count() > 0 ? static_cast<std::uint64_t>(time.count()) : 0;
}

} // namespace detail

/* Up to N messages of one poll, in the ring; valid until the next poll, a reattach or a close. */
template <std::size_t N = 32> class polled : public detail::range_of<polled<N>>
{
	mcr_consumer *c_ = nullptr;
	detail::slot msgs_[N];

	friend class reader;
	friend class detail::range_of<polled>;
	template <class, class> friend class detail::course;
	template <class Reader> bool fill_from(Reader &reader, std::error_code &ec) noexcept
	{
		return reader.poll(*this, ec);
	}

      public:
	using value_type = message;

	polled() noexcept
	{
	}
	message at(std::size_t i) const noexcept
	{
		return {&msgs_[i].msg, c_};
	}
};

/* Up to n messages of one take, with copies of their payloads in as many octets: valid until the
 * next take into it. It needs the consumer no more, and may move to another thread. */
class batch : public detail::range_of<batch>
{
	std::size_t n_, octets_;
	std::unique_ptr<detail::slot[]> msgs_;
	std::unique_ptr<std::byte[]> copies_;

	friend class reader;
	template <class, class> friend class detail::course;
	template <class Reader> bool fill_from(Reader &reader, std::error_code &ec) noexcept
	{
		return reader.take(*this, ec);
	}

      public:
	using value_type = copied_message;

	/* octets: at least MCR_TAKE_ROOM; by default for n payloads of usual size. */
	explicit batch(std::size_t n = 1000) : batch(n, detail::room_of(n))
	{
	}
	batch(std::size_t n, std::size_t octets)
	    : n_(n > 0 ? n : 1), octets_(octets), msgs_(new detail::slot[n_]),
	      copies_(new std::byte[octets])
	{
	}
	std::size_t capacity() const noexcept
	{
		return n_;
	}
	copied_message at(std::size_t i) const noexcept
	{
		return copied_message(&msgs_[i].msg);
	}
};

/* Keeps rings mapped, beyond a close and a reattach: mcr_consumer_hold. */
using hold = std::unique_ptr<mcr_hold, detail::closer>;

/* What consumers and cursors have in common. */
class reader
{
      protected:
	std::unique_ptr<mcr_consumer, detail::closer> c_;
	std::unique_ptr<polled<>> left_; /* for a loop over the consumer itself */

	void forget() noexcept
	{
		if (left_)
			left_->clear();
	}
	polled<> &left()
	{
		if (!left_)
			left_ = std::make_unique<polled<>>();
		return *left_;
	}

	reader() noexcept = default;

      public:
	explicit operator bool() const noexcept /* it is open */
	{
		return static_cast<bool>(c_);
	}
	mcr_consumer *get() const noexcept /* for what is only there in C */
	{
		return c_.get();
	}
	void close() noexcept
	{
		forget();
		c_.reset();
	}

	/* Releases the messages of the poll before, and polls at most `most`. At the end of the
	 * engine it gives false, with std::errc::broken_pipe. */
	template <std::size_t N>
	bool poll(polled<N> &msgs, std::error_code &ec, std::size_t most = N) noexcept
	{
		msgs.c_ = c_.get();
		mcr_consumer_release(c_.get());
		return msgs.fill(mcr_consumer_poll(c_.get(), &msgs.msgs_[0].msg,
						   static_cast<int>(most < N ? most : N)),
				 ec);
	}

	/* The same with copies of the payloads, and releases them at once. */
	bool take(batch &msgs, std::error_code &ec, std::size_t most = SIZE_MAX) noexcept
	{
		return msgs.fill(
		    mcr_consumer_take(c_.get(), &msgs.msgs_[0].msg,
				      static_cast<int>(most < msgs.n_ ? most : msgs.n_),
				      msgs.copies_.get(), msgs.octets_),
		    ec);
	}

	void release() noexcept
	{
		mcr_consumer_release(c_.get());
	}

	/* One step. False: not yet, for ec; wait, and try again. */
	bool reattach(std::error_code &ec, mcr_error *why = nullptr) noexcept
	{
		ec = detail::code_of(mcr_consumer_reattach(c_.get(), why));
		if (!ec)
			forget();
		return !ec;
	}
	bool reattach() noexcept
	{
		std::error_code ec;

		return reattach(ec);
	}

	void seek(mcr_start where, std::error_code &ec) noexcept
	{
		ec = detail::code_of(mcr_consumer_seek(c_.get(), where));
		if (!ec)
			forget();
	}
	void select(span<const mcr_select_group> groups, span<const std::uint32_t> ids,
		    std::error_code &ec, mcr_error *why = nullptr) noexcept
	{
		ec = detail::code_of(mcr_consumer_select(c_.get(), groups.data(), groups.size(),
							 ids.data(), ids.size(), why));
	}
	mcr_consumer_ring ring(std::uint32_t i, std::error_code &ec,
			       mcr_error *why = nullptr) const noexcept
	{
		mcr_consumer_ring out{};

		out.size = sizeof(out);
		ec = detail::code_of(mcr_consumer_ring_info(c_.get(), i, &out, why));
		return out;
	}

	mcring::hold hold(std::error_code &ec) noexcept
	{
		mcr_hold *out = nullptr;

		ec = detail::code_of(mcr_consumer_hold(&out, c_.get()));
		return mcring::hold(out);
	}

	std::uint64_t skipped() const noexcept
	{
		return mcr_consumer_skipped(c_.get());
	}
	std::uint32_t rings() const noexcept
	{
		return mcr_consumer_rings(c_.get());
	}
	std::uint64_t headroom() const noexcept
	{
		return mcr_consumer_headroom(c_.get());
	}
	time_point until(std::uint32_t ring) const noexcept
	{
		return to_time(mcr_consumer_until(c_.get(), ring));
	}

#ifdef __cpp_exceptions
	/* False only at the end of the engine. */
	template <std::size_t N> bool poll(polled<N> &msgs, std::size_t most = N)
	{
		std::error_code ec;

		poll(msgs, ec, most);
		return detail::goes_on(ec);
	}
	bool take(batch &msgs, std::size_t most = SIZE_MAX)
	{
		std::error_code ec;

		take(msgs, ec, most);
		return detail::goes_on(ec);
	}
	void seek(mcr_start where)
	{
		detail::or_throw([&](auto &ec, auto *) { seek(where, ec); });
	}
	void select(span<const mcr_select_group> groups, span<const std::uint32_t> ids = {})
	{
		detail::or_throw([&](auto &ec, auto *why) { select(groups, ids, ec, why); });
	}
	mcring::hold hold()
	{
		return detail::or_throw([&](auto &ec, auto *) { return hold(ec); });
	}
	mcr_consumer_ring ring(std::uint32_t i) const
	{
		return detail::or_throw([&](auto &ec, auto *why) { return ring(i, ec, why); });
	}
#endif
};

/* Another place, selection and order over what a consumer has mapped: mcr_consumer_cursor. */
class cursor : public reader
{
      public:
	cursor() noexcept = default;
	cursor(const reader &of, const mcr_consumer_opts &opts, std::error_code &ec,
	       mcr_error *why = nullptr) noexcept
	{
		mcr_consumer *c = nullptr;

		ec = detail::code_of(mcr_consumer_cursor(&c, of.get(), &opts, why));
		c_.reset(c);
	}
#ifdef __cpp_exceptions
	cursor(const reader &of, const mcr_consumer_opts &opts)
	{
		detail::or_throw([&](auto &ec, auto *why) { *this = cursor(of, opts, ec, why); });
	}
#endif
};

class consumer : public reader
{
      public:
	consumer() noexcept = default;
	consumer(const mcr_consumer_opts &opts, std::error_code &ec,
		 mcr_error *why = nullptr) noexcept
	{
		mcr_consumer *c = nullptr;

		ec = detail::code_of(mcr_consumer_open(&c, &opts, why));
		c_.reset(c);
	}

	/* Sleeps for at most so long, or for ever. False: the time is over; true: poll. A signal
	 * ends it, too. */
	bool wait(std::chrono::nanoseconds timeout) noexcept
	{
		return mcr_consumer_wait(c_.get(), detail::to_ns(timeout)) != 0;
	}
	bool wait() noexcept
	{
		return mcr_consumer_wait(c_.get(), UINT64_MAX) != 0;
	}
	int fd() const noexcept
	{
		return mcr_consumer_fd(c_.get());
	}
	/* True: the next message will make fd() readable. False: poll instead. */
	bool arm() noexcept
	{
		return mcr_consumer_arm(c_.get()) == 0;
	}

	void join(std::string_view text, std::error_code &ec, mcr_error *why = nullptr)
	{
		ec = detail::ask(mcr_consumer_join, c_.get(), text, why);
	}
	void leave(std::string_view text, std::error_code &ec, mcr_error *why = nullptr)
	{
		ec = detail::ask(mcr_consumer_leave, c_.get(), text, why);
	}
	mcr_consumer_interface interface(std::uint32_t i, std::error_code &ec,
					 mcr_error *why = nullptr) noexcept
	{
		mcr_consumer_interface out{};

		out.size = sizeof(out);
		ec = detail::code_of(mcr_consumer_interface_info(c_.get(), i, &out, why));
		return out;
	}

	/* Everything that comes: a range which waits where nothing is there, and ends with the
	 * engine (how: enum loop), or at an error, which it leaves in ec. It goes by way of a
	 * batch, a polled<N>, or one of its own. What a loop leaves there is what the next one
	 * begins with. It sleeps on at a signal, as std::this_thread::sleep_for does: where a
	 * handler sets a flag, poll, and look at the flag behind wait(), which a signal ends. */
	template <class Batch>
	auto messages(Batch &msgs, std::error_code &ec, unsigned how = 0) noexcept
	{
		return detail::all(*this, msgs, how, &ec);
	}
	auto messages(std::error_code &ec, unsigned how = 0)
	{
		return messages(left(), ec, how);
	}

#ifdef __cpp_exceptions
	explicit consumer(const mcr_consumer_opts &opts)
	{
		detail::or_throw([&](auto &ec, auto *why) { *this = consumer(opts, ec, why); });
	}
	void join(std::string_view text)
	{
		detail::or_throw([&](auto &ec, auto *why) { join(text, ec, why); });
	}
	void leave(std::string_view text)
	{
		detail::or_throw([&](auto &ec, auto *why) { leave(text, ec, why); });
	}
	mcr_consumer_interface interface(std::uint32_t i)
	{
		return detail::or_throw([&](auto &ec, auto *why) { return interface(i, ec, why); });
	}
	template <class Batch> auto messages(Batch &msgs, unsigned how = 0) noexcept
	{
		return detail::all(*this, msgs, how, nullptr);
	}
	auto messages(unsigned how = 0)
	{
		return messages(left(), how);
	}
	/* As messages(), which a signal does not end either. */
	auto begin()
	{
		return messages().begin();
	}
	auto end() const noexcept
	{
		return detail::at_end();
	}
#endif
};

} // namespace mcring
#endif
