// SPDX-License-Identifier: BSD-3-Clause
use std::cmp::Ordering;
use std::ffi::CStr;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use mcring_sys as sys;

use crate::error::{check, Error, Result};

/// An IPv4 address, an IPv6 address, or none, which is `::`.
///
/// As text, IPv4 is `10.0.0.7` and IPv6 as in RFC 5952, always in hexadecimal. `"...".parse()`
/// takes the same, without brackets, zone or leading zeros.
///
/// ```
/// use mcring::Address;
/// use std::net::Ipv4Addr;
///
/// let group: Address = "239.1.1.1".parse()?;
/// assert_eq!(group, Ipv4Addr::new(239, 1, 1, 1).into());
/// assert!("239.1.1.01".parse::<Address>().is_err());
/// # Ok::<(), mcring::Error>(())
/// ```
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Address(pub(crate) sys::mcr_address);

impl Address {
    /// No address.
    pub const NONE: Self = Self(sys::mcr_address { octets: [0; 16] });

    /// Whether it is no address.
    #[inline]
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// The address in the form of std. None becomes `::`.
    #[inline]
    pub fn to_ip(self) -> IpAddr {
        let ipv6 = Ipv6Addr::from(self.0.octets);
        match self.0.octets {
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d] => {
                Ipv4Addr::new(a, b, c, d).into()
            }
            _ => ipv6.into(),
        }
    }
}

impl From<Ipv4Addr> for Address {
    fn from(ip: Ipv4Addr) -> Self {
        ip.to_ipv6_mapped().into()
    }
}

impl From<Ipv6Addr> for Address {
    /// `::` becomes none, and a mapped address (`::ffff:10.0.0.7`) IPv4.
    fn from(ip: Ipv6Addr) -> Self {
        Self(sys::mcr_address {
            octets: ip.octets(),
        })
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => ip.into(),
            IpAddr::V6(ip) => ip.into(),
        }
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut address = Self::NONE;
        // SAFETY: the text has len octets, and need not be terminated.
        check(unsafe { sys::mcr_address_parse(&mut address.0, text.as_ptr().cast(), text.len()) })?;
        Ok(address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; sys::MCR_ADDRESS_TEXT as usize];
        // SAFETY: text has the octets that the call may write, and is terminated after it.
        let text = unsafe {
            sys::mcr_address_format(text.as_mut_ptr(), self.0);
            CStr::from_ptr(text.as_ptr())
        };
        f.pad(&text.to_string_lossy())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Address {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.0.octets == other.0.octets
    }
}

impl Eq for Address {}

impl PartialOrd for Address {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Address {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.octets.cmp(&other.0.octets)
    }
}

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.octets.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_in_std_and_back() {
        for text in ["0.0.0.0", "239.1.1.1", "ff3e::8000:1", "::1:0:0", "::"] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            assert_eq!(Address::from(address.to_ip()), address);
            assert_eq!(address.is_none(), text == "::");
            assert_eq!(
                address.to_ip().is_ipv4(),
                text.contains('.'),
                "{}",
                address.to_ip()
            );
        }
    }

    #[test]
    fn addresses_are_in_the_order_of_their_numbers() {
        let sorted = ["::", "9.0.0.1", "10.0.0.1", "ff02::1"].map(|text| text.parse().unwrap());
        let mut addresses: [Address; 4] = [sorted[3], sorted[1], sorted[0], sorted[2]];
        addresses.sort();
        assert_eq!(addresses, sorted);
        assert_eq!(format!("{:>9}", sorted[1]), "  9.0.0.1");
    }
}
