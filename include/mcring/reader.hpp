/* SPDX-License-Identifier: BSD-3-Clause */
/* What consumers and feeds have in common in C++: the batches that they fill, and loops over them.
 */
#ifndef MCRING_READER_HPP
#define MCRING_READER_HPP

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <system_error>
#include <utility>

#include <mcring/error.hpp>

namespace mcring
{

/* How a loop over a reader goes on, one or both of them. */
enum loop : unsigned {
	spin = 1 << 0, /* look again and again where nothing is there, instead of sleeping */
	stay = 1 << 1, /* wait for the next engine when one ends */
};

namespace detail
{

/* What makes a batch a range, of what Batch::at(i) gives. It also knows how far a loop over a
 * reader has come in it. */
template <class Batch> class range_of
{
	std::size_t size_ = 0, next_ = 0;

	const Batch &self() const noexcept
	{
		return static_cast<const Batch &>(*this);
	}

      public:
	class iterator
	{
		const Batch *batch_ = nullptr;
		std::size_t i_ = 0;

	      public:
		using iterator_category = std::input_iterator_tag;
		using value_type = typename Batch::value_type;
		using difference_type = std::ptrdiff_t;
		using pointer = void;
		using reference = value_type;

		iterator() noexcept = default;
		iterator(const Batch *batch, std::size_t i) noexcept : batch_(batch), i_(i)
		{
		}
		value_type operator*() const noexcept
		{
			return batch_->at(i_);
		}
		iterator &operator++() noexcept
		{
			i_++;
			return *this;
		}
		iterator operator++(int) noexcept
		{
			return {batch_, i_++};
		}
		friend bool operator==(const iterator &a, const iterator &b) noexcept
		{
			return a.i_ == b.i_;
		}
		friend bool operator!=(const iterator &a, const iterator &b) noexcept
		{
			return a.i_ != b.i_;
		}
	};

	range_of() = default;
	range_of(range_of &&other) noexcept
	    : size_(std::exchange(other.size_, 0)), next_(std::exchange(other.next_, 0))
	{
	}
	range_of &operator=(range_of &&other) noexcept
	{
		size_ = std::exchange(other.size_, 0);
		next_ = std::exchange(other.next_, 0);
		return *this;
	}

	iterator begin() const noexcept
	{
		return {&self(), 0};
	}
	iterator end() const noexcept
	{
		return {&self(), size_};
	}
	auto operator[](std::size_t i) const noexcept
	{
		return self().at(i);
	}
	std::size_t size() const noexcept
	{
		return size_;
	}
	bool empty() const noexcept
	{
		return size_ == 0;
	}
	void clear() noexcept
	{
		size_ = next_ = 0;
	}
	/* Whether a loop over the reader has more of this to go through. */
	bool has_left() const noexcept
	{
		return next_ < size_;
	}

      protected:
	/* Takes what a call of the library returned; true if that is no error. */
	bool fill(int ret, std::error_code &ec) noexcept
	{
		size_ = ret > 0 ? static_cast<std::size_t>(ret) : 0;
		next_ = 0;
		ec = code_of(ret);
		return ret >= 0;
	}

	template <class, class> friend class course;
	bool step() noexcept
	{
		if (next_ == size_)
			return false;
		next_++;
		return true;
	}
	auto current() const noexcept
	{
		return self().at(next_ - 1);
	}
};

#ifdef __cpp_exceptions
/* Throws what is no end of the engine; false at that. */
inline bool goes_on(std::error_code ec)
{
	if (ec && ec != std::errc::broken_pipe)
		throw error(ec, mcr_error{});
	return !ec;
}
#endif

struct at_end {
};

/* A loop over all that a reader gives, by way of a batch. It ends when the engine does, or at an
 * error, which goes to ec if there is one and else is thrown. */
template <class Reader, class Batch> class course
{
	Reader *reader_ = nullptr; /* nullptr: at the end */
	Batch *batch_ = nullptr;
	unsigned how_ = 0;
	std::error_code *ec_ = nullptr;

	void stop(std::error_code ec)
	{
		reader_ = nullptr;
		if (ec_)
			*ec_ = ec;
#ifdef __cpp_exceptions
		else
			throw error(ec, mcr_error{});
#endif
	}

	/* Waits for the next engine, unless none can ever do. */
	void follow()
	{
		std::error_code ec;

		while (!reader_->reattach(ec)) {
			if (ec == std::errc::invalid_argument)
				return stop(ec);
			reader_->wait();
		}
	}

	/* Fills the batch, which is empty. */
	void refill()
	{
		std::error_code ec;

		if (batch_->fill_from(*reader_, ec)) {
			if (batch_->empty() && !(how_ & spin))
				reader_->wait();
		} else if (ec != std::errc::broken_pipe) {
			stop(ec);
		} else if (how_ & stay) {
			follow();
		} else {
			reader_ = nullptr;
		}
	}

      public:
	using value_type = typename Batch::value_type;

	course() noexcept = default;
	course(Reader &reader, Batch &batch, unsigned how, std::error_code *ec) noexcept
	    : reader_(&reader), batch_(&batch), how_(how), ec_(ec)
	{
		if (ec_)
			ec_->clear();
	}

	void next()
	{
		while (!batch_->step() && reader_)
			refill();
	}
	bool is_at_end() const noexcept
	{
		return !reader_;
	}
	value_type current() const noexcept
	{
		return batch_->current();
	}
};

/* That loop as a range. */
template <class Reader, class Batch> class messages
{
	course<Reader, Batch> from_;

      public:
	class iterator
	{
		course<Reader, Batch> at_;

	      public:
		using iterator_category = std::input_iterator_tag;
		using iterator_concept = std::input_iterator_tag;
		using value_type = typename Batch::value_type;
		using difference_type = std::ptrdiff_t;
		using pointer = void;
		using reference = value_type;

		iterator() noexcept = default;
		explicit iterator(const course<Reader, Batch> &from) : at_(from)
		{
			at_.next();
		}
		value_type operator*() const noexcept
		{
			return at_.current();
		}
		iterator &operator++()
		{
			at_.next();
			return *this;
		}
		void operator++(int)
		{
			at_.next();
		}
		friend bool operator==(const iterator &i, at_end) noexcept
		{
			return i.at_.is_at_end();
		}
		friend bool operator!=(const iterator &i, at_end) noexcept
		{
			return !i.at_.is_at_end();
		}
	};

	explicit messages(const course<Reader, Batch> &from) noexcept : from_(from)
	{
	}
	iterator begin() const
	{
		return iterator(from_);
	}
	at_end end() const noexcept
	{
		return {};
	}
};

template <class Reader, class Batch>
messages<Reader, Batch> all(Reader &reader, Batch &batch, unsigned how,
			    std::error_code *ec) noexcept
{
	return messages<Reader, Batch>(course<Reader, Batch>(reader, batch, how, ec));
}

} // namespace detail
} // namespace mcring
#endif
