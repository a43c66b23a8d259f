// One table from codes to wording. A code crosses every boundary (wire counters, IPC, the command line's exit); a stack
// never does. `{…}` is filled from the error's details.

export const wording = {
  // -------- nodes (rules N1–N8): why a node was refused
  NODE_ENCODING: 'The entry is not in canonical form.',
  NODE_TOO_LARGE: 'The entry is larger than 64 KiB.',
  NODE_VERSION: 'The entry was made by a version of Twofold that this one cannot check.',
  CIRCLE_MISMATCH: 'The entry belongs to another circle.',
  EPOCH_UNKNOWN: 'The entry names a member list that is not known here yet.',
  DEVICE_NOT_IN_EPOCH: "The entry's device was not on the member list that it names.",
  DEVICE_REMOVED: 'The entry was written after its device had been removed.',
  DEVICE_FROZEN:
    'Its device signed two different entries for one place; nothing from there on is accepted until an admin has decided.',
  SIGNATURE_INVALID: "The entry's signature does not match its content.",
  NODE_CHANGED:
    'The entry is not what was signed: this disk has changed it. Start Twofold again; it gets the entry back.',
  BACKLINK_MISMATCH: "The entry does not continue its author's timeline.",
  TIMESTAMP_NOT_LATER: 'The entry claims to be older than the one before it.',
  TIMESTAMP_AHEAD: 'The entry is dated more than five minutes ahead of this clock; it is held until then.',
  CHECKPOINT_INVALID: 'What a peer passed on as signed by another device was not.',
  EQUIVOCATION:
    'A device of {name} signed two different entries for one place. It is stopped there; an admin decides what becomes of it.',
  SIGNATURE_BY_CHAIN:
    '{count} entries of {name} came with signatures that do not hold. Later entries of the same device prove them; their details say how.',
  // -------- frames (rule F8)
  FRAME_MALFORMED: 'A peer sent something that is not a Twofold message; that connection was closed.',
  FRAME_OVERSIZED: 'A peer sent a message larger than 1 MiB; that connection was closed.',
  BUDGET_EXCEEDED: 'A peer sent or asked for more than its share; what was too much was ignored.',
  READS_NOTHING: 'A peer did not take what was sent to it; that connection was closed.',
  PEER_KEPT_OUT: 'A peer broke the rules too often and is kept out for a while. Network → Kept out tells which.',
  PEER_NOT_KEPT_OUT: 'That device is not kept out.',
  SEGMENT_INVALID: 'A peer handed over an entry with a wrong segment; the entry was kept, the segment ignored.',
  PROTOCOL_VERSION: 'A peer speaks a version of the protocol that this one does not know.',
  CIRCLE_OTHER: 'A peer belongs to another circle.',
  // -------- member list (rule group M)
  EPOCH_MALFORMED: 'A member list record is not in canonical form.',
  EPOCH_NOT_NEXT: 'A member list record does not follow the one known here.',
  EPOCH_FORGED:
    'A member list record bears a signature that is not one, or that of a key which was never in the circle.',
  EPOCH_MINORITY: 'A member list record bears the votes of fewer than a majority of the admins.',
  EPOCH_SIGNER_REMOVED: 'A member list record is signed by somebody who had been removed.',
  EPOCH_SIGNER_NO_ADMIN: 'A member list record is signed by a member who is no admin, or by a device without a vote.',
  EPOCH_REPLAYED: 'A member list record is for a version that has long been agreed on otherwise.',
  DEVICE_COMES_BACK: 'A change would put a device back on the member list that was on it before.',
  STRANGER_REFUSED: 'Somebody who is not in the circle tried to connect, and got no answer.',
  EPOCH_UNCERTIFIED: 'A member list record lacks the signatures of a majority of the admins.',
  EPOCH_CHANGE_INVALID: 'A member list record holds a change that does not fit the list.',
  CERTIFICATE_INVALID: "A device's certificate is not signed by its member.",
  GENESIS_INVALID: "The circle's founding record is damaged or not signed by its founder.",
  NOT_ADMIN: 'Only an admin of the circle can do this.',
  ADMINS_NEEDED: 'This change waits for {waitingFor} to agree. It goes on by itself when they are online.',
  NOTICE_MALFORMED: 'A peer passed on a notice about the member list that is not in canonical form or not signed.',
  AGREEMENT_DAMAGED:
    'The file agreement.json is damaged. This device no longer votes on the member list; remove it from the list and join again as a new device.',
  PROVISIONAL:
    'You can read already. {waitingFor} must confirm that you are in; what you write is kept here and goes out then.',
  PROVISIONAL_ENDED: 'You were not let in: {why} What you wrote is still here.',
  LAST_DEVICE: 'This is the only device of {name}. Remove the member instead.',
  FOUNDER_STAYS:
    'The founder cannot leave: the circle would be without its first admin. Make somebody else an admin, and close Twofold.',
  MEMBER_UNKNOWN: 'There is no such member in this circle.',
  DEVICE_UNKNOWN: 'There is no such device on the list.',
  MEMBER_IS_FOUNDER: 'The founder cannot be removed.',
  REMOVED_FROM_CIRCLE:
    'This device has been removed from the circle. What it has stays readable; it can no longer write.',
  DEVICE_COPIED:
    "This device's key has written elsewhere: its folder was copied, or an old backup was put back. To keep one timeline, this one no longer writes. It can become a new device of yours; entries come back from the circle.",
  DEVICE_NOT_COPIED: 'This device is the only one with its key; there is no need for a new one.',
  RECOVERY_NOT_POSSIBLE:
    'Only the one admin of a circle, let in with a new device, can put it in the place of his lost ones.',
  FORK_UNKNOWN: 'No proof is known that this device signed two different entries for one place.',
  RESTORING: 'This device was restored and is still fetching your timelines; writing is possible when that is done.',
  // -------- invites
  LINK_INVALID: 'This is not a Twofold invite link. Copy the whole link, from twofold:// to its end.',
  LINK_DAMAGED: 'This invite link is damaged: a part is missing or was changed. Copy it again, as a whole.',
  INVITE_WORDS_INVALID: 'These are not the 12 words of an invite. {detail}',
  INVITE_EXPIRED: 'This invite expired on {when}. Ask for a new one.',
  INVITE_USED_UP: 'This invite has been used as often as it allows. Ask for a new one.',
  INVITE_REVOKED: 'This invite was withdrawn. Ask for a new one.',
  INVITE_OTHER_CIRCLE: 'This invite is of another circle than the entries that were restored here.',
  INVITE_UNKNOWN: 'Nobody in the circle knows this invite. Ask for a new one.',
  INVITER_UNREACHABLE: 'Nobody who can let you in was found yet: {detail}',
  APPROVAL_PENDING:
    'The request waits for {by} to approve. It goes on by itself while a window or `twofold peer` runs on this folder.',
  JOIN_REFUSED: 'An admin declined this request to join.',
  JOIN_PROOF_INVALID: 'The request to join is not properly signed.',
  REQUEST_UNKNOWN: 'There is no such request any more.',
  // -------- identity
  WORD_UNKNOWN: 'Word {position} (“{word}”) is not on the list. {suggestion}',
  WORDS_COUNT: 'Recovery needs 24 words; {count} were given.',
  WORDS_CHECKSUM: 'Each word is on the list, but together they do not fit. Check their order and each word once more.',
  WORDS_MISMATCH: 'Word {position} is not the one that was shown.',
  NAME_INVALID: 'A name has 1 to 64 characters and no line breaks.',
  IDENTITY_EXISTS: 'There is already an identity in this folder.',
  IDENTITY_MISSING: 'There is no identity in this folder yet. Start with: twofold init --name NAME',
  ROOT_KEY_ELSEWHERE:
    'This device was added by another device of yours; your recovery words, and what needs them, are there.',
  DEVICE_LINK:
    'This link adds a device of somebody who is in the circle already. Open it on a new device, before making an identity there.',
  KEYS_LOCKED: 'The keys in this folder are kept by {keeper} and cannot be opened from here.',
  PASSPHRASE_WRONG: 'The passphrase does not open the keys in this folder.',
  PASSPHRASE_NEEDED:
    'The keys in this folder are kept by a passphrase. Give it in TWOFOLD_PASSPHRASE or at the prompt.',
  KEYS_DAMAGED:
    'The file with the keys is damaged. Restore from the 24 words into an empty folder; entries come back from the circle.',
  KEYCHAIN_UNAVAILABLE: "The system's keychain does not answer, so the keys cannot be opened now.",
  // -------- circle on this device
  CIRCLE_EXISTS: 'This folder already belongs to a circle.',
  CIRCLE_MISSING:
    'This folder belongs to no circle yet. Start one with: twofold circle create --name NAME, or join with: twofold join LINK',
  CIRCLE_DAMAGED:
    'The file circle.json is damaged; it is left as it is. Put back a copy of it, or restore from the 24 words into an empty folder.',
  // -------- writing and reading
  TEXT_EMPTY: 'There is nothing to post.',
  TEXT_TOO_LONG: 'An entry holds at most {max} bytes of text; this one has {bytes}.',
  CLOCK_BEHIND: "This computer's clock is behind your own last entry by {behind}. Set the clock, then post again.",
  NOT_ADMITTED: 'This is possible when you are let in.',
  SEARCHES_MAX: 'There are {max} saved searches already. Forget one first.',
  HELD_POSTS_MAX: 'At most {max} entries are kept until you are let in.',
  HELD: 'Kept; it goes out when you are let in.',
  ENTRY_UNKNOWN: 'There is no such entry here.',
  ENTRY_FIXED: 'Only posts and replies can be changed, withdrawn or reacted to.',
  ENTRY_RETRACTED: 'This entry was withdrawn by its author.',
  ENTRY_NOT_YOURS: 'Only its author can change or withdraw an entry.',
  REACTION_INVALID: 'A reaction is an emoji or a short word of at most {max} bytes.',
  VIEW_UNKNOWN: 'That view is closed.',
  // -------- this machine
  FOLDER_TAKEN: 'The folder {folder} already holds an identity or a circle. Give an empty one with --data.',
  FOLDER_IN_USE: 'This folder is already opened by another Twofold.',
  FOLDER_UNWRITABLE: 'The folder {folder} cannot be written to.',
  DISK_FULL: 'The disk is full. Nothing was lost; writing and receiving go on when there is space again.',
  DATABASE_LOCKED: 'The database is locked by another program. Close that program; Twofold goes on by itself.',
  DATABASE_DAMAGED:
    'The database was damaged. It was set aside as {file}; {recovered} entries were recovered from it, and the rest comes back from the circle.',
  DATABASE_DAMAGED_NOW:
    'The database is damaged. Start Twofold again: it recovers what can be read, and gets the rest from the circle.',
  DATABASE_CHECKING:
    'Twofold did not end in order last time; the database is being checked. You can read; what you write is stored right after.',
  DATABASE_NEWER: 'The database was made by a newer version of Twofold. Install that version or a later one.',
  SETTINGS_DAMAGED: 'The settings could not be read; the standard ones are used, and the old file is kept as {file}.',
  NO_INTERFACE: 'This machine is on no network. Entries are kept and go out when it is.',
  MULTICAST_BLOCKED:
    'The network does not let peers announce themselves. Add an address by hand: Network → Add address.',
  PORT_IN_USE: 'Another program holds the port that peers are announced on.',
  DHT_UNREACHABLE: 'No way to the internet was found; the local network works without it.',
  ADDRESS_INVALID: 'An address looks like 192.168.1.20:49737 or name.local:49737.',
  NETWORK_PROBLEM: 'The network reported a problem: {detail}',
  // -------- calls
  BAD_ARGUMENTS: '{detail}',
  FORBIDDEN: 'That request did not come from Twofold’s own window.',
  FILE_UNREADABLE: 'The file {file} cannot be read.',
  PROOF_FILE_INVALID: 'This is not a Twofold proof file, or it is damaged: {detail}',
  PROOF_FALSE: 'The proof does not hold: {detail}',
  // -------- archives, backups, the second copy
  ARCHIVE_INVALID: 'The file {file} is no archive, copy or export of Twofold.',
  ARCHIVE_DAMAGED: 'The file is damaged at byte {at}; what stands before it was read.',
  ARCHIVE_FALSE: 'The archive does not hold: {detail}',
  ARCHIVE_OTHER_CIRCLE: 'The file is of another circle, {name}. Nothing of it was taken.',
  BACKUP_WORDS: 'These 24 words do not open this backup.',
  BACKUP_DAMAGED: 'The backup {file} is damaged or was cut short.',
  FILE_EXISTS: 'There is a file {file} already. Choose another name, or remove it first.',
  JOB_RUNNING: 'Something else is under way on this folder. Wait for its end, or cancel it.',
  JOB_CANCELLED: 'Cancelled. Nothing half-done was left.',
  MIRROR_INSIDE: 'The second copy has to lie outside of the data folder: best on another disk.',
  MIRROR_OFF: 'No folder is chosen for a second copy.',
  REJOIN_NEEDED:
    'Your entries are back. This device is a new one of yours: to write, join again with an invite by any member.',
  RECOVERING: 'Entries are being read back from {file}: {done} so far. Writing waits for the end of it.',
  CIRCLE_REPAIRED: 'The file circle.json was damaged. It is kept as {aside}; its second copy is in use.',
  FILE_SET_ASIDE: 'The file {file} was damaged. It is kept as {aside}; what it held comes again from the circle.',
  JOINING_DAMAGED:
    'The note of an invite that was being used was damaged. It is kept as {aside}; open the invite once more.',
  ASIDE_UNKNOWN: 'There is no such file among those that were set aside.',
  NO_DIALOG: 'A file can only be chosen in the window; give its path instead.',
  SIMULATION_FAILED: 'The simulation found what must never be.',
  CANCELLED: 'Nothing was changed.',
  NOT_RUNNING: 'No Twofold is running on this folder.',
  INTERNAL: 'Something went wrong inside Twofold. The details are in the log.',
} as const satisfies Record<string, string>

export type ErrorCode = keyof typeof wording

/** A refusal that a person may see: a code of the closed set and the values for its sentence. */
export class TwofoldError extends Error {
  constructor(
    readonly code: ErrorCode,
    readonly details: Readonly<Record<string, string | number>> = {},
    /** The sentence as another process has already filled it. */
    message: string = sentence(code, details),
  ) {
    super(message)
    this.name = 'TwofoldError'
  }
}

let table: Readonly<Record<ErrorCode, string>> = wording
let language = 'en'
/** The language of all sentences from now on: this process serves one person. The command line never calls it. */
export const speak = (tag: 'en' | 'de', sentences: Readonly<Record<ErrorCode, string>>): void => {
  language = tag
  table = sentences
}

/** The language of all sentences. */
export const spoken = (): string => language

/** 'Ann or Bob', for a sentence: any one of them is meant. */
export const anyOf = (names: readonly string[]): string =>
  new Intl.ListFormat(language, { type: 'disjunction' }).format(names)

/** The one sentence for a code. A placeholder without a value is left out, never shown. */
export function sentence(code: ErrorCode, details: Readonly<Record<string, string | number>> = {}): string {
  return table[code].replace(/\{(\w+)\}/g, (_all, key: string) => String(details[key] ?? '')).trim()
}
