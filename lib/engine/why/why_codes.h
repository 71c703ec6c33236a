/* SPDX-License-Identifier: BSD-3-Clause */
/* What can be found: its name and what it means, in the order in which findings of one severity
 * stand. The root comes before what follows from it. docs/why.md has a row for each. */
#ifndef MCR_ENGINE_WHY_CODES_H
#define MCR_ENGINE_WHY_CODES_H

/* X(constant, name), and what it means */
#define MCR_WHY_CODES(X)                                                                           \
	X(PORT_REMOVED, "port_removed") /* the device is gone */                                   \
	X(PORT_MOVED, "port_moved")     /* its kernel interface is in another network namespace */ \
	X(LINK_DOWN, "link_down")       /* the link is down */                                     \
	X(NO_FRAMES, "no_frames")       /* the link is up, but no frame arrives */                 \
	X(FILTER_REFUSED, "filter_refused") /* the NIC does not let the group in */                \
	X(NOT_JOINED, "not_joined")         /* nobody has joined it */                             \
	X(NO_JOINS, "no_joins")             /* the channel has no joins */                         \
	X(WRONG_PORT, "wrong_port")     /* it arrives on another UDP port, or that is joined */    \
	X(WRONG_SOURCE, "wrong_source") /* it arrives from a source that the joins leave out */    \
	X(WRONG_VLAN, "wrong_vlan")     /* it arrives on a VLAN without an interface */            \
	X(WRONG_INTERFACE, "wrong_interface") /* it arrives on another interface */                \
	X(TRUNCATED, "truncated")             /* its frames are cut off */                         \
	X(FRAGMENT, "fragment")               /* it arrives in IP fragments */                     \
	X(BAD_CHECKSUM, "bad_checksum")       /* its checksums are wrong */                        \
	X(MALFORMED, "malformed")             /* its headers make no sense */                      \
	X(BAD_SOURCE, "bad_source")           /* it comes from an address that no host may have */ \
	X(OWN_FRAME, "own_frame")             /* this host sends it itself */                      \
	X(TOO_LARGE, "too_large")             /* its messages are too large for the ring */        \
	X(NOT_UDP, "not_udp")                 /* it is not UDP */                                  \
	X(TX_NEVER, "tx_never")               /* the interface may not send reports */             \
	X(IGMP_OFF, "igmp_off")               /* the interface sends no reports */                 \
	X(NO_ADDRESS, "no_address")           /* reports have no address to be sent from */        \
	X(WRONG_FAMILY, "wrong_family")       /* it arrives in the other IP version */             \
	X(WRONG_GROUP, "wrong_group")         /* the source sends to another group */              \
	X(MAC_ALIAS, "mac_alias")             /* another group with its MAC address arrives */     \
	X(OUT_OF_SCOPE, "out_of_scope")       /* routers do not forward this group */              \
	X(NO_QUERIER, "no_querier")           /* nobody asks for members */                        \
	X(OLD_QUERIER, "old_querier")         /* an older querier loses the source filters */      \
	X(QUEUE_LOSS, "queue_loss")           /* the port loses packets: its queues are full */    \
	X(NO_BUFFERS, "no_buffers")           /* the port has no packet buffers */                 \
	X(RX_ERRORS, "rx_errors")             /* the NIC calls frames bad */                       \
	X(RELAYED_ONLY, "relayed_only")       /* it is relayed, but no channel takes it */         \
	X(READER_ELSEWHERE, "reader_elsewhere") /* the readers read another channel */             \
	X(NO_READERS, "no_readers")             /* nobody reads the channel */                     \
	X(READER_LAPPED, "reader_lapped")       /* a reader is too slow and loses messages */      \
	X(READER_STALLED, "reader_stalled")     /* a reader does not poll */                       \
	X(READER_FILTERED, "reader_filtered")   /* a reader leaves messages out */                 \
	X(HANDLER_SLOW, "handler_slow")         /* the handler takes too long */                   \
	X(CONTROL_OVERFLOW, "control_overflow") /* queries and ARP were lost */                    \
	X(SILENT, "silent")                     /* nothing arrives: this host cannot tell why */

enum mcr_why_code {
#define MCR_WHY_ENUM(constant, name) MCR_WHY_##constant,
	MCR_WHY_CODES(MCR_WHY_ENUM)
#undef MCR_WHY_ENUM
	MCR_WHY_CODE_COUNT /* also: none */
};

/* What to look at elsewhere when nothing arrives, the likeliest first. */
enum mcr_why_suspect {
	MCR_WHY_SILENT_SENDER,
	MCR_WHY_SENDER_ELSEWHERE,
	MCR_WHY_SOURCE_FILTER,
	MCR_WHY_SNOOPING,
	MCR_WHY_WRONG_LAN,
	MCR_WHY_TTL,
	MCR_WHY_PRUNED,
	MCR_WHY_RPF,
	MCR_WHY_ACL,
	MCR_WHY_SUSPECT_COUNT
};

enum mcr_why_severity {
	MCR_WHY_FAULT,   /* data does not arrive where it should, or is lost now */
	MCR_WHY_WARNING, /* it will break, or lose */
	MCR_WHY_NOTE,
};

/* Their names, as in answers; NULL beyond the last. */
const char *mcr_why_code_name(unsigned code);
const char *mcr_why_suspect_name(unsigned suspect);
const char *mcr_why_severity_name(unsigned severity);

#endif
