/* SPDX-License-Identifier: BSD-3-Clause */
/* A message in C++, for mcring/consumer.hpp and mcring/feed.hpp. */
#ifndef MCRING_MESSAGE_HPP
#define MCRING_MESSAGE_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <type_traits>

#include <mcring/consumer.h>
#include <mcring/error.hpp>
#include <mcring/span.hpp>

namespace mcring
{

/* CLOCK_REALTIME, as rx_ns and other members have it. */
using time_point = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

inline time_point to_time(std::uint64_t ns) noexcept
{
	return time_point(std::chrono::nanoseconds(static_cast<std::int64_t>(ns)));
}

enum class kind : std::uint16_t {
	data = MCR_DATA,
	lost = MCR_LOST,
	link = MCR_LINK,
	restart = MCR_RESTART,
	stall = MCR_STALL,
	engine_stall = MCR_ENGINE_STALL,
};

namespace detail
{

/* A message for the library to fill in, in two cache lines of its own: where new puts it, it would
 * share a third. */
struct alignas(64) slot {
	mcr_msg msg;
};
static_assert(sizeof(slot) == sizeof(mcr_msg), "slots are an array of messages");

/* Octets of a payload as T, which is std::byte, char, unsigned char or another type of one octet.
 */
template <class T> span<const T> octets(const mcr_msg &m) noexcept
{
	static_assert(sizeof(T) == 1 && std::is_trivially_copyable_v<T>, "an octet");
	return {reinterpret_cast<const T *>(m.data), m.len};
}

/* Reads into buf by read(pointer, capacity), which returns a length or -errno. */
template <class Buffer, class Read> auto read_into(Buffer &buf, Read read) noexcept
{
	using T = std::remove_pointer_t<decltype(std::data(buf))>;
	static_assert(sizeof(T) == 1 && std::is_trivially_copyable_v<T>, "a buffer of octets");
	const std::size_t cap = std::size(buf);
	const std::int64_t len = read(std::data(buf), cap);
	std::optional<span<T>> out;

	if (len >= 0)
		out.emplace(std::data(buf), static_cast<std::size_t>(len) < cap
						? static_cast<std::size_t>(len)
						: cap);
	return out;
}

/* Whether T shows octets that it does not own. */
template <class T> inline constexpr bool is_view = false;
template <class T> inline constexpr bool is_view<span<T>> = true;
template <class T> inline constexpr bool is_view<std::basic_string_view<T>> = true;

/* Calls f(octets), and gives its result only if is_intact() says so afterwards. */
template <class Octets, class F, class Check> auto view(Octets octets, F &&f, Check is_intact)
{
	if constexpr (std::is_void_v<decltype(f(octets))>) {
		f(octets);
		return is_intact();
	} else {
		using Result = std::decay_t<decltype(f(octets))>;
		static_assert(!is_view<Result>, "the payload in place must not leave f");
		std::optional<Result> out(f(octets));
		if (!is_intact())
			out.reset();
		return out;
	}
}

/* What all messages have; the members of struct mcr_msg are at ->. */
class fields
{
      protected:
	const mcr_msg *m_;

	explicit fields(const mcr_msg *m) noexcept : m_(m)
	{
	}

      public:
	const mcr_msg *operator->() const noexcept
	{
		return m_;
	}
	mcring::kind kind() const noexcept
	{
		return static_cast<mcring::kind>(m_->kind);
	}
	std::uint64_t seq() const noexcept
	{
		return m_->pos.seq;
	}
	std::uint64_t lost() const noexcept /* of kind::lost: messages missed */
	{
		return m_->lost;
	}
	std::size_t size() const noexcept /* octets of payload */
	{
		return m_->len;
	}
	time_point rx_time() const noexcept
	{
		return to_time(m_->rx_ns);
	}
};

} // namespace detail

/* A message or an event as poll gives it; its payload is in the ring. It is a pointer to a struct
 * mcr_msg and valid for as long as that is: copy it as you like. */
class message : public detail::fields
{
	mcr_consumer *c_;

      public:
	message(const mcr_msg *m, mcr_consumer *c) noexcept : fields(m), c_(c)
	{
	}

	/* Copies the payload into buf, an array, a std::array, a std::vector or a span of octets:
	 * as many as there is room for, while size() is the payload's length. Gives the part of buf
	 * that it filled, or nothing if the writer overtook it. */
	template <class Buffer> auto read(Buffer &&buf) const noexcept
	{
		return detail::read_into(buf, [this](void *to, std::size_t cap) {
			return mcr_consumer_read(c_, m_, to, cap);
		});
	}

	/* Calls f with the payload in place, a span<const T>, and gives what f returned, or nothing
	 * if the writer overtook it meanwhile: what f saw may be any octets then, so let it have no
	 * other effect. With an f that returns nothing: whether it saw the payload. */
	template <class T = std::byte, class F> auto view(F &&f) const
	{
		return detail::view(in_place<T>(), f, [this] { return intact(); });
	}

	/* The payload in place. Ask intact() after reading and before any effect. */
	template <class T = std::byte> span<const T> in_place() const noexcept
	{
		return detail::octets<T>(*m_);
	}
	bool intact() const noexcept
	{
		return mcr_consumer_intact(c_, m_);
	}
};

/* A message or an event as take gives it, with a copy of the payload, which stays. */
class copied_message : public detail::fields
{
      public:
	explicit copied_message(const mcr_msg *m) noexcept : fields(m)
	{
	}
	template <class T = std::byte> span<const T> payload() const noexcept
	{
		return detail::octets<T>(*m_);
	}
};

} // namespace mcring
#endif
