// SPDX-License-Identifier: BSD-3-Clause
use std::fmt;
use std::net::SocketAddr;

use mcring_sys as sys;

use crate::Address;

/// What a message is: data, or an event in its place between the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A datagram.
    Data,
    /// So many messages are gone, because the writer lapped this consumer; the first is the one at
    /// `seq`.
    Lost(u64),
    /// The link of a DPDK port, whose number is `id`, changed: `flags` has `LINK_UP`, `LINK_GONE`
    /// or neither (down).
    Link,
    /// A new engine was found. What arrived after `since_ns` (0: unknown) and before `rx_ns` may be
    /// missing.
    Restart {
        /// `CLOCK_REALTIME`.
        since_ns: u64,
    },
    /// [`Order::Merged`](crate::Order::Merged): the ring held the others up, and has been silent
    /// since `rx_ns`.
    Stall,
    /// The engine has shown no sign of life from `since_ns` to `rx_ns`; with the flag `STALL_OVER`
    /// it runs again.
    EngineStall {
        /// `CLOCK_REALTIME`.
        since_ns: u64,
    },
    /// A kind of event that this version of the crate does not know.
    Other(u16),
}

/// Flags of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u16);

impl Flags {
    /// `rx_ns` is one clock reading per burst or piece.
    pub const RX_TIME_TSC: Self = Self(sys::MCR_FLAG_RX_TIME_TSC as u16);
    /// `CLOCK_REALTIME` was stepped since the ring's message before this one.
    pub const CLOCK_STEP: Self = Self(sys::MCR_FLAG_CLOCK_STEP as u16);
    /// `hw_ns` is valid.
    pub const HW_TIME: Self = Self(sys::MCR_FLAG_HW_TIME as u16);
    /// The operator vouches for the NIC's clock.
    pub const HW_TIME_SYNCED: Self = Self(sys::MCR_FLAG_HW_TIME_SYNCED as u16);
    /// [`Kind::Link`]: the link is up now.
    pub const LINK_UP: Self = Self(sys::MCR_FLAG_LINK_UP as u16);
    /// [`Kind::Link`]: the port was removed and will not return.
    pub const LINK_GONE: Self = Self(sys::MCR_FLAG_LINK_GONE as u16);
    /// [`Order::Merged`](crate::Order::Merged): it arrived before one that was returned earlier.
    pub const LATE: Self = Self(sys::MCR_FLAG_LATE as u16);
    /// [`Kind::EngineStall`]: it is over.
    pub const STALL_OVER: Self = Self(sys::MCR_FLAG_STALL_OVER as u16);

    /// Whether all of these flags are set.
    #[inline]
    pub fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }
}

/// All of a message but its payload. What does not apply to its kind means nothing.
#[repr(transparent)]
pub struct Header(pub(crate) sys::mcr_msg);

impl Header {
    /// # Safety
    /// m points to a message that the library filled in, which nobody changes during 'a.
    #[inline]
    pub(crate) unsafe fn from_ptr<'a>(m: *const sys::mcr_msg) -> &'a Self {
        // SAFETY: Header is transparent; the rest is the caller's promise.
        unsafe { &*m.cast() }
    }

    /// Data or an event.
    #[inline]
    pub fn kind(&self) -> Kind {
        // SAFETY: both members of the union are of the same type, and the library always writes it.
        let u = unsafe { self.0.u.lost };
        match u32::from(self.0.kind) {
            sys::MCR_DATA => Kind::Data,
            sys::MCR_LOST => Kind::Lost(u),
            sys::MCR_LINK => Kind::Link,
            sys::MCR_RESTART => Kind::Restart { since_ns: u },
            sys::MCR_STALL => Kind::Stall,
            sys::MCR_ENGINE_STALL => Kind::EngineStall { since_ns: u },
            _ => Kind::Other(self.0.kind),
        }
    }

    /// Octets of payload.
    #[inline]
    pub fn len(&self) -> usize {
        self.0.len as usize
    }

    /// Whether the payload has no octets.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.len == 0
    }

    /// Number of the message in its ring, from 1, without gaps.
    #[inline]
    pub fn seq(&self) -> u64 {
        self.0.pos.seq
    }

    /// Index of the ring in the channel.
    #[inline]
    pub fn ring(&self) -> u32 {
        self.0.pos.ring
    }

    /// A random number that the channel got when the engine made it. A `seq` of another epoch is
    /// another message.
    #[inline]
    pub fn epoch(&self) -> u64 {
        self.0.pos.epoch
    }

    /// When it arrived, in ns of `CLOCK_REALTIME`. It never goes back within a ring.
    #[inline]
    pub fn rx_ns(&self) -> u64 {
        self.0.rx_ns
    }

    /// The NIC's time of arrival, in ns of `CLOCK_REALTIME`; 0: unknown.
    #[inline]
    pub fn hw_ns(&self) -> u64 {
        self.0.hw_ns
    }

    /// The multicast group.
    #[inline]
    pub fn group(&self) -> Address {
        Address(self.0.group)
    }

    /// The UDP port to which it was sent.
    #[inline]
    pub fn dst_port(&self) -> u16 {
        self.0.dst_port
    }

    /// Who sent it.
    #[inline]
    pub fn source(&self) -> Address {
        Address(self.0.source)
    }

    /// The UDP port from which it was sent.
    #[inline]
    pub fn src_port(&self) -> u16 {
        self.0.src_port
    }

    /// Group and port.
    pub fn destination(&self) -> SocketAddr {
        SocketAddr::new(self.group().to_ip(), self.dst_port())
    }

    /// Source and port.
    pub fn sender(&self) -> SocketAddr {
        SocketAddr::new(self.source().to_ip(), self.src_port())
    }

    /// The user's id of the join that took it; of a [`Kind::Link`] the DPDK port.
    #[inline]
    pub fn id(&self) -> u32 {
        self.0.id
    }

    /// VLAN; 0: untagged.
    #[inline]
    pub fn vlan(&self) -> u16 {
        self.0.vlan
    }

    /// Index of the interface on which it arrived
    /// ([`Consumer::interface`](crate::Consumer::interface)).
    #[inline]
    pub fn interface(&self) -> u16 {
        self.0.interface
    }

    /// IPv4 TTL, IPv6 hop limit.
    #[inline]
    pub fn ttl(&self) -> u8 {
        self.0.ttl
    }

    /// IPv4 TOS, IPv6 traffic class.
    #[inline]
    pub fn traffic_class(&self) -> u8 {
        self.0.traffic_class
    }

    /// Flags.
    #[inline]
    pub fn flags(&self) -> Flags {
        Flags(self.0.flags)
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header")
            .field("kind", &self.kind())
            .field("ring", &self.ring())
            .field("seq", &self.seq())
            .field("rx_ns", &self.rx_ns())
            .field("destination", &self.destination())
            .field("sender", &self.sender())
            .field("id", &self.id())
            .field("flags", &self.flags())
            .field("len", &self.len())
            .finish()
    }
}
