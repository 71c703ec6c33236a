// SPDX-License-Identifier: BSD-3-Clause
package net.mcring;

/** mcring's C interface, ABI 2, mcring 0.1.0. Made by tools/abi from include/mcring: not to be edited. */
final class Abi {
    static final int ABI = 2;
    static final String VERSION = "0.1.0";

    static final int MCR_NAME_MAX = 32;
    static final int MCR_LABEL_MAX = 32;
    static final int MCR_ADDRESS_TEXT = 46;
    static final int MCR_ALL_RINGS = 0xffffffff;
    static final int MCR_TAKE_ROOM = 65536;
    static final int MCR_SELECT_MAX = 65536;
    static final int MCR_FEED_LINES_MAX = 8;
    static final int MCR_FEED_LEADS = 32;
    static final int MCR_FLAG_KERNEL = 32768;
    static final int MCR_RECEIVE_NO_INTERFACE = 65535;

    // enum mcr_kind
    static final int MCR_DATA = 0;
    static final int MCR_LOST = 1;
    static final int MCR_LINK = 2;
    static final int MCR_RESTART = 3;
    static final int MCR_STALL = 4;
    static final int MCR_ENGINE_STALL = 5;

    // enum mcr_msg_flags
    static final int MCR_FLAG_RX_TIME_TSC = 1;
    static final int MCR_FLAG_CLOCK_STEP = 2;
    static final int MCR_FLAG_HW_TIME = 4;
    static final int MCR_FLAG_HW_TIME_SYNCED = 8;
    static final int MCR_FLAG_LINK_UP = 16;
    static final int MCR_FLAG_LINK_GONE = 32;
    static final int MCR_FLAG_LATE = 64;
    static final int MCR_FLAG_STALL_OVER = 128;

    // enum mcr_start
    static final int MCR_START_NEWEST = 0;
    static final int MCR_START_OLDEST = 1;
    static final int MCR_START_SEQ = 2;

    // enum mcr_order
    static final int MCR_ORDER_RINGS = 0;
    static final int MCR_ORDER_MERGED = 1;

    // enum mcr_feed_kind
    static final int MCR_FEED_DATA = 0;
    static final int MCR_FEED_START = 1;
    static final int MCR_FEED_GAP = 2;
    static final int MCR_FEED_GAP_HOST = 3;
    static final int MCR_FEED_FILLED_LATE = 4;
    static final int MCR_FEED_RESET = 5;
    static final int MCR_FEED_LINE_DOWN = 6;
    static final int MCR_FEED_LINE_UP = 7;
    static final int MCR_FEED_LINE_SWITCH = 8;
    static final int MCR_FEED_SILENCE = 9;
    static final int MCR_FEED_SILENCE_END = 10;
    static final int MCR_FEED_MISMATCH = 11;
    static final int MCR_FEED_END_OF_SESSION = 12;
    static final int MCR_FEED_IMPLAUSIBLE = 13;
    static final int MCR_FEED_KEYS_FULL = 14;
    static final int MCR_FEED_CHANGED = 15;
    static final int MCR_FEED_CYCLE = 16;

    // enum mcr_feed_gap_why
    static final int MCR_FEED_GAP_TIMEOUT = 1;
    static final int MCR_FEED_GAP_PASSED = 2;
    static final int MCR_FEED_GAP_WINDOW = 3;
    static final int MCR_FEED_GAP_FLUSH = 4;
    static final int MCR_FEED_GAP_OVERWRITTEN = 5;

    // enum mcr_feed_whose
    static final int MCR_FEED_WIRE = 1;
    static final int MCR_FEED_HOST_MAYBE = 2;
    static final int MCR_FEED_RING = 3;

    // enum mcr_feed_reset_why
    static final int MCR_FEED_RESET_EXPLICIT = 1;
    static final int MCR_FEED_RESET_SESSION = 2;
    static final int MCR_FEED_RESET_IMPLICIT = 3;
    static final int MCR_FEED_RESET_RESUME = 4;

    // enum mcr_feed_down_why
    static final int MCR_FEED_DOWN_SILENT = 1;
    static final int MCR_FEED_DOWN_NEVER = 2;
    static final int MCR_FEED_DOWN_ENGINE = 3;
    static final int MCR_FEED_DOWN_LINK = 4;

    // enum mcr_feed_msg_flags
    static final int MCR_FEED_FLAG_LATE = 1;
    static final int MCR_FEED_FLAG_AFTER_GAP = 2;
    static final int MCR_FEED_FLAG_HELD = 4;
    static final int MCR_FEED_FLAG_INSERTED = 8;
    static final int MCR_FEED_FLAG_DUPLICATE = 16;
    static final int MCR_FEED_FLAG_OUT_OF_ORDER = 32;
    static final int MCR_FEED_FLAG_UNSEQUENCED = 64;

    // enum mcr_feed_order
    static final int MCR_FEED_IN_ORDER = 0;
    static final int MCR_FEED_AS_THEY_COME = 1;

    // enum mcr_receive_kind
    static final int MCR_RECEIVE_ENGINE = 64;
    static final int MCR_RECEIVE_KERNEL = 65;
    static final int MCR_RECEIVE_NOWHERE = 66;
    static final int MCR_RECEIVE_IDLE = 67;

    // enum mcr_receive_fallback
    static final int MCR_RECEIVE_AUTO = 0;
    static final int MCR_RECEIVE_ALWAYS = 1;
    static final int MCR_RECEIVE_NEVER = 2;

    /** struct mcr_error: where its fields are, and their size in all. */
    static final class Error {
        static final int SIZEOF = 512;
        static final int TEXT = 0;
        static final int TEXT_LENGTH = 512;

        private Error() {
        }
    }

    /** struct mcr_address: where its fields are, and their size in all. */
    static final class Address {
        static final int SIZEOF = 16;
        static final int OCTETS = 0;
        static final int OCTETS_LENGTH = 16;

        private Address() {
        }
    }

    /** struct mcr_pos: where its fields are, and their size in all. */
    static final class Pos {
        static final int SIZEOF = 24;
        static final int EPOCH = 0;
        static final int SEQ = 8;
        static final int RING = 16;

        private Pos() {
        }
    }

    /** struct mcr_msg: where its fields are, and their size in all. */
    static final class Msg {
        static final int SIZEOF = 128;
        static final int DATA = 0;
        static final int LEN = 8;
        static final int KIND = 12;
        static final int FLAGS = 14;
        static final int POS_EPOCH = 16;
        static final int POS_SEQ = 24;
        static final int POS_RING = 32;
        static final int RX_NS = 40;
        static final int HW_NS = 48;
        static final int OFFSET = 56;
        static final int GROUP = 64;
        static final int SOURCE = 80;
        static final int ID = 96;
        static final int DST_PORT = 100;
        static final int SRC_PORT = 102;
        static final int VLAN = 104;
        static final int INTERFACE = 106;
        static final int TTL = 108;
        static final int TRAFFIC_CLASS = 109;
        static final int LOST = 112;
        static final int SINCE_NS = 112;

        private Msg() {
        }
    }

    /** struct mcr_select_group: where its fields are, and their size in all. */
    static final class SelectGroup {
        static final int SIZEOF = 18;
        static final int GROUP = 0;
        static final int PORT = 16;

        private SelectGroup() {
        }
    }

    /** struct mcr_consumer_opts: where its fields are, and their size in all. */
    static final class ConsumerOpts {
        static final int SIZEOF = 128;
        static final int SIZE = 0;
        static final int MSG_SIZE = 4;
        static final int RUN_DIR = 8;
        static final int NAME = 16;
        static final int CHANNEL = 24;
        static final int LABEL = 32;
        static final int FD = 40;
        static final int START = 44;
        static final int RING = 48;
        static final int ORDER = 52;
        static final int SEQ = 56;
        static final int GROUPS = 64;
        static final int IDS = 72;
        static final int N_GROUPS = 80;
        static final int N_IDS = 88;
        static final int HOLD_NS = 96;
        static final int STALL_NS = 104;
        static final int ANSWER_NS = 112;
        static final int NO_WAIT = 120;

        private ConsumerOpts() {
        }
    }

    /** struct mcr_consumer_interface: where its fields are, and their size in all. */
    static final class ConsumerInterface {
        static final int SIZEOF = 160;
        static final int SIZE = 0;
        static final int INDEX = 4;
        static final int NAME = 8;
        static final int NAME_LENGTH = 32;
        static final int ADDRESS = 40;
        static final int PREFIX_LEN = 56;
        static final int VLAN = 58;
        static final int DPDK_PORT = 60;
        static final int PORT = 64;
        static final int PORT_LENGTH = 64;
        static final int NETDEV = 128;
        static final int NETDEV_LENGTH = 16;
        static final int KERNEL = 144;
        static final int KERNEL_LENGTH = 16;

        private ConsumerInterface() {
        }
    }

    /** struct mcr_consumer_ring: where its fields are, and their size in all. */
    static final class ConsumerRing {
        static final int SIZEOF = 64;
        static final int SIZE = 0;
        static final int RING = 4;
        static final int EPOCH = 8;
        static final int OLDEST = 16;
        static final int NEXT = 24;
        static final int HEAD = 32;
        static final int WATERMARK_NS = 40;
        static final int HOST_LOST = 48;
        static final int HOST_LOOKED_NS = 56;

        private ConsumerRing() {
        }
    }

    /** struct mcr_feed_gap: where its fields are, and their size in all. */
    static final class FeedGap {
        static final int SIZEOF = 48;
        static final int FIRST = 0;
        static final int LAST = 8;
        static final int OPENED_NS = 16;
        static final int DECLARED_NS = 24;
        static final int HOST_LOST = 32;
        static final int WHY = 40;
        static final int WHOSE = 44;

        private FeedGap() {
        }
    }

    /** struct mcr_feed_late: where its fields are, and their size in all. */
    static final class FeedLate {
        static final int SIZEOF = 16;
        static final int FIRST = 0;
        static final int LAST = 8;

        private FeedLate() {
        }
    }

    /** struct mcr_feed_reset: where its fields are, and their size in all. */
    static final class FeedReset {
        static final int SIZEOF = 24;
        static final int OLD_NEXT = 0;
        static final int NEW_NEXT = 8;
        static final int WHY = 16;

        private FeedReset() {
        }
    }

    /** struct mcr_feed_mismatch: where its fields are, and their size in all. */
    static final class FeedMismatch {
        static final int SIZEOF = 16;
        static final int SEQ = 0;
        static final int FIRST_LINE = 8;

        private FeedMismatch() {
        }
    }

    /** struct mcr_feed_down: where its fields are, and their size in all. */
    static final class FeedDown {
        static final int SIZEOF = 8;
        static final int WHY = 0;

        private FeedDown() {
        }
    }

    /** struct mcr_feed_msg: where its fields are, and their size in all. */
    static final class FeedMsg {
        static final int SIZEOF = 96;
        static final int MSG = 0;
        static final int SEQ = 8;
        static final int COUNT = 16;
        static final int SKIP = 20;
        static final int KEY = 24;
        static final int KIND = 28;
        static final int LINE = 29;
        static final int FLAGS = 30;
        static final int HELD = 32;
        static final int NS = 40;
        static final int GAP_FIRST = 48;
        static final int GAP_LAST = 56;
        static final int GAP_OPENED_NS = 64;
        static final int GAP_DECLARED_NS = 72;
        static final int GAP_HOST_LOST = 80;
        static final int GAP_WHY = 88;
        static final int GAP_WHOSE = 92;
        static final int LATE_FIRST = 48;
        static final int LATE_LAST = 56;
        static final int RESET_OLD_NEXT = 48;
        static final int RESET_NEW_NEXT = 56;
        static final int RESET_WHY = 64;
        static final int MISMATCH_SEQ = 48;
        static final int MISMATCH_FIRST_LINE = 56;
        static final int DOWN_WHY = 48;

        private FeedMsg() {
        }
    }

    /** struct mcr_feed_opts: where its fields are, and their size in all. */
    static final class FeedOpts {
        static final int SIZEOF = 112;
        static final int SIZE = 0;
        static final int MSG_SIZE = 4;
        static final int FEED = 8;
        static final int CONFIG = 16;
        static final int RUN_DIR = 24;
        static final int NAME = 32;
        static final int LABEL = 40;
        static final int ORDER = 48;
        static final int LATE = 52;
        static final int COMPARE = 56;
        static final int HOLD_ON_GAP = 60;
        static final int UNSEQUENCED = 64;
        static final int EVENTS = 68;
        static final int HELD_MAX = 72;
        static final int KEYS_MAX = 76;
        static final int ARENA_BYTES = 80;
        static final int GAP_TIMEOUT_NS = 88;
        static final int START_SEQ = 96;
        static final int START = 104;

        private FeedOpts() {
        }
    }

    /** struct mcr_feed_key: where its fields are, and their size in all. */
    static final class FeedKey {
        static final int SIZEOF = 152;
        static final int SIZE = 0;
        static final int KEY = 4;
        static final int NEXT = 8;
        static final int HOLE_NS = 16;
        static final int SCOPE = 24;
        static final int SCOPE_LENGTH = 2;
        static final int EPOCH = 40;
        static final int EPOCH_LENGTH = 2;
        static final int RESETS = 56;
        static final int GAPS = 64;
        static final int GAP_MESSAGES = 72;
        static final int LATE_MESSAGES = 80;
        static final int TEXT = 88;
        static final int TEXT_LENGTH = 64;

        private FeedKey() {
        }
    }

    /** struct mcr_feed_line: where its fields are, and their size in all. */
    static final class FeedLine {
        static final int SIZEOF = 472;
        static final int SIZE = 0;
        static final int LINE = 4;
        static final int NAME = 8;
        static final int NAME_LENGTH = 32;
        static final int IS_UP = 40;
        static final int WAS_HEARD = 44;
        static final int LAST_NS = 48;
        static final int PACKETS = 56;
        static final int BYTES = 64;
        static final int HEARTBEATS = 72;
        static final int FIRST = 80;
        static final int DUPLICATES = 88;
        static final int MISMATCHES = 96;
        static final int LATE = 104;
        static final int OUT_OF_ORDER = 112;
        static final int STALE = 120;
        static final int BEFORE_START = 128;
        static final int IMPLAUSIBLE = 136;
        static final int MALFORMED = 144;
        static final int UNSEQUENCED = 152;
        static final int NOT_TRACKED = 160;
        static final int ENDED = 168;
        static final int LOST = 176;
        static final int UNSETTLED = 184;
        static final int RING_LOST = 192;
        static final int BEHIND = 200;
        static final int BEHIND_LENGTH = 32;
        static final int BEHIND_MAX_NS = 456;
        static final int FILLED = 464;

        private FeedLine() {
        }
    }

    /** struct mcr_feed_stats: where its fields are, and their size in all. */
    static final class FeedStats {
        static final int SIZEOF = 160;
        static final int SIZE = 0;
        static final int LINES = 4;
        static final int KEYS = 8;
        static final int HELD = 12;
        static final int PACKETS = 16;
        static final int MESSAGES = 24;
        static final int GAPS_OPENED = 32;
        static final int GAPS_FILLED = 40;
        static final int GAPS = 48;
        static final int GAP_MESSAGES = 56;
        static final int LATE_MESSAGES = 64;
        static final int RESETS = 72;
        static final int CYCLES = 80;
        static final int SWITCHES = 88;
        static final int MISMATCHES = 96;
        static final int NOT_COMPARABLE = 104;
        static final int SILENCES = 112;
        static final int KEYS_REFUSED = 120;
        static final int HELD_COPIED = 128;
        static final int HELD_LOST = 136;
        static final int TIME_NS = 144;
        static final int DIGEST = 152;

        private FeedStats() {
        }
    }

    /** struct mcr_receive_opts: where its fields are, and their size in all. */
    static final class ReceiveOpts {
        static final int SIZEOF = 80;
        static final int SIZE = 0;
        static final int MSG_SIZE = 4;
        static final int JOINS = 8;
        static final int N_JOINS = 16;
        static final int RUN_DIR = 24;
        static final int NAME = 32;
        static final int LABEL = 40;
        static final int CHANNEL = 48;
        static final int FALLBACK = 56;
        static final int BUFFER_BYTES = 60;
        static final int SPIN_NS = 64;
        static final int IDLE_NS = 72;

        private ReceiveOpts() {
        }
    }

    private Abi() {
    }
}
