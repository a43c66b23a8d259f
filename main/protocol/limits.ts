// Every bound that peers hold each other to. A value here is part of the protocol: two peers must agree on it.

/** Whole encoded node, signature included (rule N1). */
export const NODE_BYTES_MAX = 65_536
/** Bytes around a body at most: version, circle, device, seq, backlink, timestamp, epoch, kind, length, signature. */
const NODE_OVERHEAD_MAX = 1 + 32 + 32 + 9 + 32 + 9 + 9 + 3 + 5 + 64
export const BODY_BYTES_MAX = NODE_BYTES_MAX - NODE_OVERHEAD_MAX
/** Post and reply text: the body less a target id and two lengths. */
export const TEXT_BYTES_MAX = BODY_BYTES_MAX - 64
export const KIND_MAX = 0xffff
/** The last moment that a date can be made of (ECMA-262, year 275,760). A later one could be stored and never shown. ms since 1970. */
export const TIME_MS_MAX = 8_640_000_000_000_000
/** A node may be this far ahead of our clock (rule N4); beyond it is held. */
export const CLOCK_AHEAD_MS = 5 * 60_000

/** UTF-8 bytes of a member's or circle's name; the 64-character rule for people is in `validName`. */
export const NAME_BYTES_MAX = 256
export const NAME_CHARS_MAX = 64
/** Members and devices of a circle. The product is built for a few hundred; 10,000 is what the simulation covers. */
export const DEVICES_MAX = 10_000
/** Changes in one epoch record: enough for a whole lab joining at once, small enough for one frame. */
export const EPOCH_CHANGES_MAX = 256
export const EPOCH_SIGNATURES_MAX = 256
/** Encoded epoch record with certificate. Sealed secrets of 10,000 devices would need more; see docs/protocol.md. */
export const EPOCH_BYTES_MAX = 900_000

/** A frame on the wire; main/net closes a link that announces more. */
export const FRAME_BYTES_MAX = 1_048_576
/** Messages combined into one frame (rule C1). */
export const FRAME_MESSAGES_MAX = 4096
/** Payload at which a combined frame is sent without waiting (rule C1). */
export const FRAME_BYTES_TARGET = 65_536
/** Nodes in one answer to a pull, and pull ranges in one message. */
export const PULL_NODES_MAX = 1024
export const PULL_RANGES_MAX = 256
/** Segments that are accepted for one node and tree (rule F8): the second and third come from repair. */
export const SEGMENTS_PER_TREE_MAX = 3
/** Late hand-overs that one checkpoint reports (rule R6); what is beyond is reported by the next. */
export const LATE_MAX = 32
/** Checkpoints in one message: enough for a second's worth of the largest circle. */
export const CHECKPOINTS_MAX = 1024
/** Whole encoded notice (rule M3): a promise holds one record at most. */
export const NOTICE_BYTES_MAX = EPOCH_BYTES_MAX + 1024
/** Bytes of a notice's id: enough to tell notices apart, short in lists of what a peer has. */
export const NOTICE_ID_BYTES = 16
/** Notices that a peer keeps, and in one message. */
export const NOTICES_MAX = 4096
/** Of those one signer's: the requests that may wait at one inviter (200), and room for his invites and statements. */
export const NOTICES_PER_SIGNER_MAX = 256
