// Every bound and delay of this room, with the reason for its value.
// "measured": with hyperswarm 4.17 in network namespaces without internet, behind simulated NATs, and on loopback.

/** Largest frame, bytes. Bulk sync batches and blob pieces stay well below; a lie about the length costs a peer the link. */
export const FRAME_BYTES_MAX = 1 << 20
/** First buffer for a partly received frame, bytes; it doubles as bytes really arrive, so that a claimed length costs nothing. */
export const FRAME_BUFFER_FIRST_BYTES = 16 * 1024
/** Queued bytes per link after which a sender that ignores `false` loses the link: sixteen full frames. */
export const SEND_QUEUE_BYTES_MAX = 16 * FRAME_BYTES_MAX
/** The same over all links: then the link with the longest queue goes. */
export const SEND_QUEUES_BYTES_MAX = 64 * FRAME_BYTES_MAX
/** A link into which nothing has drained for so long: its other side reads nothing. Twice what a quarter of a frame takes at 10 kB/s. */
export const STALLED_MS = 60_000

/** A link that did not greet by then is half open; such a zombie blocks the peer's own dials for ~13 s (measured). */
export const GREETING_TIMEOUT_MS = 4_000
/** How long an orderly close may take to send what is queued before the stream is destroyed. */
export const CLOSE_GRACE_MS = 500
/** The side that dialled has the other one acknowledge something this often. */
export const KEEP_ALIVE_MS = 5_000
/** A link on which so long nothing came, not even an acknowledgement, is dead. UDX repeats what is lost within each beat. */
export const SILENT_BEATS_MAX = 3

/** Live links. About 14 are chosen; the rest are other members' choices. ~.7 MB each in the worst case measured. */
export const LINKS_MAX = 256
/** Devices that `want` keeps connected. The overlay chooses ~14. */
export const WANTED_MAX = 256
/** Devices dialled on demand at the same time, and how long one stays so without success. */
export const ON_DEMAND_MAX = 64
export const ON_DEMAND_MS = 30_000
/** Hyperswarm's default of 3 starves LAN dials behind hopeless ones (measured). */
export const DIALS_PARALLEL_MAX = 64
/** Hyperswarm counts links times four against this, for explicit peers: must never be what limits us (LINKS_MAX is). */
export const SWARM_PEERS_MAX = 8 * LINKS_MAX
/** A dial that takes longer is aborted; hole punching needs up to ~20 s, a black-holed DHT would hold it for minutes. */
export const DIAL_MS_MAX = 45_000

/** Devices remembered from beacons, and addresses of each (one per interface heard; more would be forgeries by members). */
export const LAN_PEERS_MAX = 1_024
export const LAN_ADDRESSES_PER_PEER_MAX = 4
/** Manual addresses. Each is tried for each wanted device without a link. */
export const MANUAL_ADDRESSES_MAX = 32
/** Names are resolved again after this: home routers hand out new addresses rarely, and a lookup is cheap. */
export const RESOLVE_EVERY_MS = 60_000
/** Rendezvous topics at the same time: one per open invite. */
export const TOPICS_MAX = 16
/** A joiner asks again after 1, 2, 4 … 20 s: Hyperswarm's own 10 minutes are too long for somebody who watches. ~40 packets each. */
export const TOPIC_FIND_FIRST_MS = 1_000
export const TOPIC_FIND_EVERY_MS = 20_000

/** Sealed payloads in one beacon: 8 × 117 B keep the packet below one Ethernet frame. */
export const BEACON_KEYS_MAX = 8
/** Keys tried on each payload heard; more circles than this on one device are not looked for by beacon. */
export const BEACON_OPEN_KEYS_MAX = 32
/** Attempts to open payloads per second, so that a flood of beacons cannot keep the CPU busy (~3 µs each). */
export const BEACON_OPENS_PER_SECOND_MAX = 20_000
/** Announcement times after a start or a change of interfaces, ms (measured). */
export const BEACON_BURST_MS = [0, 250, 1_000, 3_000, 9_000] as const
/** Steady announcements, ms; queries are sent in bursts only, since each costs an answer from every peer. */
export const BEACON_STEADY_MS = 60_000
/** Where many are heard each speaks less often, so that nobody is woken by more than one beacon in two seconds. */
export const BEACON_STEADY_MS_PER_PEER = 2_000
/** A third of the longest time to live. */
export const BEACON_STEADY_MS_MAX = 200_000
/** Three missed steady beacons and a peer is gone. */
export const BEACONS_MISSED_MAX = 3
/** Packets that are known again by their bytes: one of each device that is remembered, ~350 B each. */
export const BEACONS_KNOWN_MAX = 1_024
/** A foreign TTL is cut to this, seconds. */
export const BEACON_TTL_S_MAX = 600
/** At most one answer to queries in this time, whoever asks, ms. */
export const BEACON_ANSWER_EVERY_MS = 1_000
/** A goodbye that the system does not take by then is not sent. */
export const BEACON_GOODBYE_MS = 50
/** Own announcements come back through the loopback within milliseconds; none by then means that multicast is blocked. */
export const BEACON_ECHO_TIMEOUT_MS = 4_000
/** Interfaces are compared this often: the system's own event comes up to 5 s late (measured), and L1 allows 5 s in all. */
export const INTERFACES_EVERY_MS = 2_000
/** Systems report one change of the network as several events; the sockets are reopened once, after the last. */
export const NETWORK_CHANGE_SETTLE_MS = 250
/** A beacon socket that failed is opened again after this; doubles, since each opening makes noise on all interfaces. */
export const BEACON_REOPEN_FIRST_MS = 2_000
export const BEACON_REOPEN_MS_MAX = 120_000

/** Housekeeping while something is under way; also the resolution with which sleep is noticed. */
export const TICK_MS = 1_000
/**
 * The same while no dial runs and nobody is looked for; the dialler keeps its own time. What is left then is to look at the
 * interfaces, of which no event reaches Node in time: seldom enough for a machine to rest, and within the 5 s of L1. Half of
 * KEEP_ALIVE_MS, so that both happen in one waking.
 */
export const TICK_CALM_MS = 2_500
/** After a start or a change of the network much is under way that no count shows. */
export const RESTLESS_MS = 15_000
/** A tick that comes so late means that the machine slept. */
export const SLEPT_MS = 10_000
/** The DHT has had this long to answer before it is reported as unreachable. It answers in ~1 s when there is internet. */
export const DHT_PATIENCE_MS = 15_000
/** The same problem is reported once per this time; different ones are bounded by count. */
export const PROBLEM_EVERY_MS = 60_000
export const PROBLEMS_MAX = 256
/** Events about refused strangers per second; all of them are counted. */
export const REFUSED_EVENTS_PER_SECOND_MAX = 10
/** A link to an earlier run of a peer is cut for a newer one at most so often per device: a forged beacon gains nothing. */
export const RESTART_CUT_EVERY_MS = 30_000
/** An internet link is checked for a LAN path at most so often per device. */
export const LAN_UPGRADE_EVERY_MS = 60_000
/** The whole of stop(), ms: goodbye at most .05 s, orderly close .5 s, orderly shutdown 1.2 s, then by force. */
export const STOP_SWARM_MS = 1_200
export const STOP_FORCE_MS = 500
