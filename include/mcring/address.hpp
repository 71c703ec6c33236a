/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses in C++: struct mcr_address of mcring/address.h with operators and strings. */
#ifndef MCRING_ADDRESS_HPP
#define MCRING_ADDRESS_HPP

#include <cstring>
#include <string>
#include <string_view>

#include <mcring/address.h>
#include <mcring/error.hpp>

inline bool operator==(const mcr_address &a, const mcr_address &b) noexcept
{
	return mcr_address_is_equal(a, b);
}

inline bool operator!=(const mcr_address &a, const mcr_address &b) noexcept
{
	return !(a == b);
}

inline bool operator<(const mcr_address &a, const mcr_address &b) noexcept
{
	return std::memcmp(a.octets, b.octets, sizeof(a.octets)) < 0;
}

namespace mcring
{

using address = ::mcr_address;

inline std::string to_string(const address &a)
{
	char text[MCR_ADDRESS_TEXT];

	return mcr_address_format(text, a);
}

/* As mcr_address_parse. Of a text that is no address: none, and std::errc::invalid_argument. */
inline address parse_address(std::string_view text, std::error_code &ec,
			     mcr_error * = nullptr) noexcept
{
	address a{};

	ec = detail::code_of(mcr_address_parse(&a, text.data(), text.size()));
	return a;
}

#ifdef __cpp_exceptions
inline address parse_address(std::string_view text)
{
	return detail::or_throw([&](auto &ec, auto *) { return parse_address(text, ec); });
}
#endif

} // namespace mcring
#endif
