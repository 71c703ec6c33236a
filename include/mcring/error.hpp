/* SPDX-License-Identifier: BSD-3-Clause */
/* How the C++ headers report errors. What can fail comes in two forms, as in std::filesystem:
 *
 *     consumer.join("239.1.1.1:5000");            throws mcring::error
 *     consumer.join("239.1.1.1:5000", ec, &why);  sets ec, and why if it is given; throws nothing
 *
 * A code is an errno of std::generic_category, so that it compares with std::errc. The text is the
 * library's, one line for a person; only what fills a struct mcr_error in C has one. Without
 * exceptions (-fno-exceptions) only the second form is there. */
#ifndef MCRING_ERROR_HPP
#define MCRING_ERROR_HPP

#include <system_error>
#include <type_traits>

#include <mcring/types.h>

namespace mcring
{

/* What the first form throws. */
class error : public std::system_error
{
	mcr_error why_;

      public:
	error(std::error_code code, const mcr_error &why) : std::system_error(code), why_(why)
	{
	}

	/* The library's text, or what the system says of the code. */
	const char *text() const noexcept
	{
		return why_.text[0] ? why_.text : std::system_error::what();
	}
	const char *what() const noexcept override
	{
		return text();
	}
};

namespace detail
{

/* Of what a C function returned. */
inline std::error_code code_of(long long ret) noexcept
{
	return ret < 0 ? std::error_code(static_cast<int>(-ret), std::generic_category())
		       : std::error_code();
}

#ifdef __cpp_exceptions
/* Makes the first form of a call of the second. */
template <class Call> auto or_throw(Call &&call)
{
	std::error_code ec;
	mcr_error why;

	why.text[0] = '\0';
	if constexpr (std::is_void_v<decltype(call(ec, &why))>) {
		call(ec, &why);
		if (ec)
			throw error(ec, why);
	} else {
		auto result = call(ec, &why);
		if (ec)
			throw error(ec, why);
		return result;
	}
}
#endif

} // namespace detail
} // namespace mcring
#endif
