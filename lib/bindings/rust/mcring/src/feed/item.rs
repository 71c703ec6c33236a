// SPDX-License-Identifier: BSD-3-Clause
use std::fmt;

use mcring_sys as sys;

use crate::header::Header;

/// An enum of the C interface; `Other` is for numbers that this version of the crate does not know.
macro_rules! c_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $value:path,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$of])* $variant,)*
            /// A number that this version of the crate does not know.
            Other(u32),
        }

        impl $name {
            fn from_c(number: u32) -> Self {
                match number {
                    $($value => Self::$variant,)*
                    _ => Self::Other(number),
                }
            }

            /// The number in the C interface.
            pub fn number(self) -> u32 {
                match self {
                    $(Self::$variant => $value,)*
                    Self::Other(number) => number,
                }
            }
        }
    };
}

c_enum! {
    /// Why a gap was declared.
    GapWhy {
        /// Nothing filled it in time.
        Timeout = sys::MCR_FEED_GAP_TIMEOUT,
        /// Every line that is not down has passed it.
        Passed = sys::MCR_FEED_GAP_PASSED,
        /// No room to hold more.
        Window = sys::MCR_FEED_GAP_WINDOW,
        /// Before a reset, [`Feed::resume`](crate::feed::Feed::resume) or the end of the session.
        Flush = sys::MCR_FEED_GAP_FLUSH,
        /// In the ring, before [`Feed::take`](crate::feed::Feed::take) copied it.
        Overwritten = sys::MCR_FEED_GAP_OVERWRITTEN,
    }
}

c_enum! {
    /// Whose loss a gap is.
    Whose {
        /// It did not reach this host's ports, as far as known.
        Wire = sys::MCR_FEED_WIRE,
        /// A port lost packets meanwhile.
        HostMaybe = sys::MCR_FEED_HOST_MAYBE,
        /// This program was lapped meanwhile, on some line.
        Ring = sys::MCR_FEED_RING,
    }
}

c_enum! {
    /// Why the numbers of a stream start anew.
    ResetWhy {
        /// A flag or a message said so.
        Explicit = sys::MCR_FEED_RESET_EXPLICIT,
        /// The session, or what else makes an epoch, changed.
        Session = sys::MCR_FEED_RESET_SESSION,
        /// Many packets in a row ascend far from the next number.
        Implicit = sys::MCR_FEED_RESET_IMPLICIT,
        /// [`Feed::resume`](crate::feed::Feed::resume).
        Resume = sys::MCR_FEED_RESET_RESUME,
    }
}

c_enum! {
    /// Why a line is down.
    DownWhy {
        /// Nothing came for too long.
        Silent = sys::MCR_FEED_DOWN_SILENT,
        /// It was never heard.
        Never = sys::MCR_FEED_DOWN_NEVER,
        /// Its engine ended, hangs, or declares another feed.
        Engine = sys::MCR_FEED_DOWN_ENGINE,
        /// The link of its port is down, or the port was removed.
        Link = sys::MCR_FEED_DOWN_LINK,
    }
}

/// Numbers that came on no line in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// The first missing number.
    pub first: u64,
    /// The last missing number.
    pub last: u64,
    /// Since when it was open, in ns of `CLOCK_REALTIME`.
    pub opened_ns: u64,
    /// When it was given up.
    pub declared_ns: u64,
    /// Packets that the host's port lost meanwhile, over all groups.
    pub host_lost: u64,
    /// Why it was declared.
    pub why: GapWhy,
    /// Whose loss it is.
    pub whose: Whose,
}

impl Gap {
    fn from_c(gap: &sys::mcr_feed_gap) -> Self {
        Self {
            first: gap.first,
            last: gap.last,
            opened_ns: gap.opened_ns,
            declared_ns: gap.declared_ns,
            host_lost: gap.host_lost,
            why: GapWhy::from_c(gap.why),
            whose: Whose::from_c(gap.whose),
        }
    }
}

/// What an item of a feed is: data, or an event in its place between the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A packet.
    Data,
    /// The first packet of a stream: `seq` is where it starts.
    Start,
    /// These numbers came on no line in time, and are given up.
    Gap(Gap),
    /// Of an earlier gap, whose loss is now known to be perhaps the host's.
    GapHost(Gap),
    /// Numbers of a gap came after it was given up.
    FilledLate {
        /// The first number.
        first: u64,
        /// The last number.
        last: u64,
    },
    /// The stream's numbers start anew.
    Reset {
        /// The number that would have come next.
        old_next: u64,
        /// The number that comes next.
        new_next: u64,
        /// Why.
        why: ResetWhy,
    },
    /// `line` is down.
    LineDown(DownWhy),
    /// A packet came on `line`, which was down.
    LineUp,
    /// Data come from `line` now. Only if [`Options::events`](crate::feed::Options::events) has it.
    LineSwitch,
    /// All lines are down.
    Silence,
    /// A line is up again.
    SilenceEnd,
    /// Two lines had other octets under one number.
    Mismatch {
        /// The number.
        seq: u64,
        /// The line whose copy stands.
        first_line: u32,
    },
    /// `seq` is the next number that would have come.
    EndOfSession,
    /// A number too far ahead to be believed, which moved nothing.
    Implausible {
        /// The number.
        seq: u64,
        /// The line that the stream came from.
        first_line: u32,
    },
    /// A packet of one stream more than the feed tracks. Such are counted and not handed out.
    KeysFull,
    /// The engine has another declaration of this feed now: open it again to use that.
    Changed,
    /// A stream that is sent in a loop began again.
    Cycle {
        /// The number that would have come next.
        old_next: u64,
        /// The number that comes next.
        new_next: u64,
    },
    /// A kind of event that this version of the crate does not know.
    Other(u8),
}

/// Flags of an item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u16);

impl Flags {
    /// It fills a gap that was declared.
    pub const LATE: Self = Self(sys::MCR_FEED_FLAG_LATE as u16);
    /// The first data behind a gap.
    pub const AFTER_GAP: Self = Self(sys::MCR_FEED_FLAG_AFTER_GAP as u16);
    /// It waited for what was missing before it.
    pub const HELD: Self = Self(sys::MCR_FEED_FLAG_HELD as u16);
    /// From [`Feed::insert`](crate::feed::Feed::insert).
    pub const INSERTED: Self = Self(sys::MCR_FEED_FLAG_INSERTED as u16);
    /// As they come: all of it was handed out before.
    pub const DUPLICATE: Self = Self(sys::MCR_FEED_FLAG_DUPLICATE as u16);
    /// As they come: behind what is missing, or below what was handed out.
    pub const OUT_OF_ORDER: Self = Self(sys::MCR_FEED_FLAG_OUT_OF_ORDER as u16);
    /// It has no number: `seq` and `count` are 0.
    pub const UNSEQUENCED: Self = Self(sys::MCR_FEED_FLAG_UNSEQUENCED as u16);

    /// Whether all of these flags are set.
    #[inline]
    pub fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }
}

/// All of a packet or event but its payload. What does not apply to its kind means nothing.
#[repr(transparent)]
pub struct Item(pub(crate) sys::mcr_feed_msg);

impl Item {
    /// Data or an event.
    pub fn kind(&self) -> Kind {
        let u = &self.0.u;
        // SAFETY: all members are numbers, of which any value is one, and the library writes the
        // whole item.
        let (gap, late, reset, mismatch, down) =
            unsafe { (&u.gap, &u.late, &u.reset, &u.mismatch, &u.down) };
        match u32::from(self.0.kind) {
            sys::MCR_FEED_DATA => Kind::Data,
            sys::MCR_FEED_START => Kind::Start,
            sys::MCR_FEED_GAP => Kind::Gap(Gap::from_c(gap)),
            sys::MCR_FEED_GAP_HOST => Kind::GapHost(Gap::from_c(gap)),
            sys::MCR_FEED_FILLED_LATE => Kind::FilledLate {
                first: late.first,
                last: late.last,
            },
            sys::MCR_FEED_RESET => Kind::Reset {
                old_next: reset.old_next,
                new_next: reset.new_next,
                why: ResetWhy::from_c(reset.why),
            },
            sys::MCR_FEED_LINE_DOWN => Kind::LineDown(DownWhy::from_c(down.why)),
            sys::MCR_FEED_LINE_UP => Kind::LineUp,
            sys::MCR_FEED_LINE_SWITCH => Kind::LineSwitch,
            sys::MCR_FEED_SILENCE => Kind::Silence,
            sys::MCR_FEED_SILENCE_END => Kind::SilenceEnd,
            sys::MCR_FEED_MISMATCH => Kind::Mismatch {
                seq: mismatch.seq,
                first_line: mismatch.first_line,
            },
            sys::MCR_FEED_END_OF_SESSION => Kind::EndOfSession,
            sys::MCR_FEED_IMPLAUSIBLE => Kind::Implausible {
                seq: mismatch.seq,
                first_line: mismatch.first_line,
            },
            sys::MCR_FEED_KEYS_FULL => Kind::KeysFull,
            sys::MCR_FEED_CHANGED => Kind::Changed,
            sys::MCR_FEED_CYCLE => Kind::Cycle {
                old_next: reset.old_next,
                new_next: reset.new_next,
            },
            _ => Kind::Other(self.0.kind),
        }
    }

    /// The datagram of a packet; None: an event.
    #[inline]
    pub fn packet(&self) -> Option<&Header> {
        // SAFETY: msg is NULL or points to a message that lasts as long as this item is lent, and
        // that nobody writes to meanwhile.
        (!self.0.msg.is_null()).then(|| unsafe { Header::from_ptr(self.0.msg) })
    }

    /// Number of the first message to take, unwrapped to 64 bits.
    #[inline]
    pub fn seq(&self) -> u64 {
        self.0.seq
    }

    /// Messages to take; 1 where a number counts packets.
    #[inline]
    pub fn count(&self) -> u32 {
        self.0.count
    }

    /// Messages at the packet's start that were handed out before.
    #[inline]
    pub fn skip(&self) -> u32 {
        self.0.skip
    }

    /// The stream ([`Feed::key`](crate::feed::Feed::key)); counts from 0 in the order of the
    /// starts.
    #[inline]
    pub fn key(&self) -> u32 {
        self.0.key
    }

    /// Index of the line; of an inserted packet 8.
    #[inline]
    pub fn line(&self) -> u8 {
        self.0.line
    }

    /// Flags.
    #[inline]
    pub fn flags(&self) -> Flags {
        Flags(self.0.flags)
    }

    /// Of events: when, in the time of the feed (`CLOCK_REALTIME` of arrivals).
    #[inline]
    pub fn ns(&self) -> u64 {
        self.0.ns
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Item")
            .field("kind", &self.kind())
            .field("key", &self.key())
            .field("line", &self.line())
            .field("seq", &self.seq())
            .field("count", &self.count())
            .field("skip", &self.skip())
            .field("flags", &self.flags())
            .finish()
    }
}
