/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring::span: std::span where the standard has it, else as much of it as mcring uses. */
#ifndef MCRING_SPAN_HPP
#define MCRING_SPAN_HPP

#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>

#if __has_include(<span>)
#include <span>
#endif

namespace mcring
{

#ifdef __cpp_lib_span
using std::span;
#else
/* A view of n objects in a row, which it does not own. */
template <class T> class span
{
	template <class From>
	using if_fits = std::enable_if_t<std::is_convertible_v<
	    std::remove_pointer_t<decltype(std::data(std::declval<From &>()))> (*)[], T (*)[]>>;

	T *data_ = nullptr;
	std::size_t size_ = 0;

      public:
	using element_type = T;
	using value_type = std::remove_cv_t<T>;
	using iterator = T *;

	constexpr span() noexcept = default;
	constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size)
	{
	}
	/* Of an array, or of what has data() and size(). */
	template <class From, class = if_fits<From>>
	constexpr span(From &&from) noexcept : data_(std::data(from)), size_(std::size(from))
	{
	}

	constexpr T *data() const noexcept
	{
		return data_;
	}
	constexpr std::size_t size() const noexcept
	{
		return size_;
	}
	constexpr std::size_t size_bytes() const noexcept
	{
		return size_ * sizeof(T);
	}
	constexpr bool empty() const noexcept
	{
		return size_ == 0;
	}
	constexpr T &operator[](std::size_t i) const noexcept
	{
		return data_[i];
	}
	constexpr T *begin() const noexcept
	{
		return data_;
	}
	constexpr T *end() const noexcept
	{
		return data_ + size_;
	}
	constexpr span first(std::size_t n) const noexcept
	{
		return {data_, n};
	}
	constexpr span subspan(std::size_t from) const noexcept
	{
		return {data_ + from, size_ - from};
	}
};
#endif

} // namespace mcring
#endif
