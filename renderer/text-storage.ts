// What the Storage view says, in English; a part of the catalogue in text.ts.
import type { JobKind, JobResult, MirrorView } from '../shared/storage-types'
import { bytes, number, plural } from './language'

const entries = (value: number) => plural(value, 'entry', 'entries')
const signed = (value: number) => plural(value, 'signed entry', 'signed entries')

export const storageText = {
  title: 'Storage',
  note: (database: number, free: number | null) =>
    free === null ? `Database ${bytes(database)}` : `Database ${bytes(database)} · ${bytes(free)} free on this disk`,
  looking: 'Looking…',
  unknown: 'Nothing is known of the disk right now',
  unknownHint: 'It is asked again by itself.',
  bytes,
  amount: number,
  space: 'What takes space',
  counting: 'The rest is still being counted.',
  byMember: 'Space by member',
  member: 'Member',
  entries: 'Entries',
  size: 'As signed',
  more: (count: number) => `Show ${number(count)} more`,
  fewer: 'Show fewer',
  part: {
    database: 'Database',
    entries: 'Entries',
    index: 'Search',
    trees: 'Drawn texts',
    tables: 'Tables',
    unused: 'Unused',
    logs: 'Log',
    aside: 'Set aside',
  },
  job: {
    region: 'Under way',
    running: {
      check: 'Checking every stored entry…',
      'check-mirror': 'Checking the second copy…',
      compact: 'Compacting the database…',
      export: 'Exporting…',
      backup: 'Writing the backup…',
      import: 'Importing…',
    } satisfies Record<JobKind, string>,
    name: {
      check: 'Check of every entry',
      'check-mirror': 'Check of the second copy',
      compact: 'Compacting',
      export: 'Export',
      backup: 'Backup',
      import: 'Import',
    } satisfies Record<JobKind, string>,
    progress: (done: number, total: number | null) =>
      total === null ? number(done) : `${number(Math.min(done, total))} of ${number(total)}`,
    result(result: JobResult): string {
      switch (result.kind) {
        case 'check':
          return result.bad.length
            ? `${number(result.bad.length)} of ${number(result.checked)} entries do not hold.`
            : `All ${number(result.checked)} entries hold.`
        case 'check-mirror':
          return result.rewritten
            ? 'A part of it was damaged. It was set aside and written anew.'
            : `All ${signed(result.nodes)} in it hold.`
        case 'compact':
          return result.after < result.before
            ? `${bytes(result.before - result.after)} were given back.`
            : 'There was nothing to give back.'
        case 'export':
          return `${result.form === 'html' ? entries(result.count) : signed(result.count)}, ${bytes(result.bytes)}.`
        case 'backup':
          return `${signed(result.nodes)}, ${bytes(result.bytes)}. Your 24 words open it; without them nobody can.`
        case 'import': {
          const { stored, duplicates, torn, unreadable } = result.report
          return [
            `${signed(stored)} came in, ${number(duplicates)} were here already.`,
            ...(unreadable ? [`${number(unreadable)} parts of the file could not be read.`] : []),
            ...(torn ? ['The file ends in the middle.'] : []),
          ].join(' ')
        }
      }
    },
  },
  mirror: {
    title: 'Second copy of your own timelines',
    none: 'Your entries are on this disk only, until others have them',
    noneHint:
      'Choose a folder, best on another disk. What you write is copied there as you write it, checked once a day, and read back where something of yours is missing here. It holds no key.',
    state: (state: MirrorView['state'], behind: number) =>
      ({
        off: 'None is kept',
        comparing: 'Being compared…',
        current: 'Up to date',
        behind: `Behind by ${entries(behind)}`,
        missing: 'The folder is not there. Is the disk plugged in? It is tried again.',
        full: `The disk is full; behind by ${entries(behind)}. It is tried again.`,
        unwritable: 'The folder cannot be written to. It is tried again.',
      })[state],
    amount: (nodes: number, size: number) => `${signed(nodes)}, ${bytes(size)}.`,
    unchecked: 'Not checked in full yet.',
    checked: (when: string) => `Checked in full on ${when}.`,
    broughtBack: (count: number) => `${signed(count)} came back from it, because they were missing here.`,
    rewritten: (when: string, file: string) => `Damage was found on ${when}; it was written anew. Kept as ${file}.`,
    check: 'Check now',
    choose: 'Choose a folder…',
    change: 'Another folder…',
    end: 'Keep none',
    endTitle: 'Keep no second copy any more?',
    endWhat: 'What is in the folder stays there; nothing more is written to it.',
  },
  out: {
    title: 'Take out, take in',
    backup: {
      title: 'Backup',
      hint: 'Everything in one file that your 24 words open. Restoring it makes a new device of yours, never a second copy of this one.',
      button: 'Back up…',
    },
    archive: {
      title: 'Signed archive',
      hint: 'Every entry as it was signed, with the member list and who has signed that they hold it. Anybody can check it: twofold verify FILE.',
      button: 'Export…',
    },
    html: {
      title: 'Page to read',
      hint: 'Opens and can be searched in any browser, without Twofold. Long timelines become several pages.',
      button: 'Export…',
    },
    json: {
      title: 'JSON lines',
      hint: 'One entry a line with its signature, for programs.',
      button: 'Export…',
    },
    import: {
      title: 'Import',
      hint: 'From an archive, JSON lines, a second copy or a backup of this circle. Each entry is checked as if a stranger had sent it.',
      button: 'Import…',
    },
  },
  care: {
    title: 'Care',
    check: 'Check every stored entry',
    checkHint:
      'Form, content, signature, membership and chain of each one, again. Everything else goes on meanwhile. Once a month it happens by itself, a little at a time.',
    checkedAll: (when: string, checked: number) => `Checked in full on ${when}: all ${number(checked)} entries hold.`,
    checkedBad: (when: string, bad: number, checked: number) =>
      `Checked in full on ${when}: ${number(bad)} of ${number(checked)} entries do not hold. At the next start the database is read back, and the circle brings what is missing.`,
    checking: (done: number) => `Being checked by itself now: ${number(done)} so far.`,
    checkRun: 'Check now',
    compact: 'Compact the database',
    compactHint: (unused: number | null) =>
      `${unused === null || unused === 0 ? 'Tidies the search’s index.' : `Gives ${bytes(unused)} back to the disk.`} At the end Twofold stands still for some seconds.`,
    compactRun: 'Compact',
    folder: 'Data folder',
    show: 'Show in folder',
  },
  aside: {
    title: 'Set aside',
    what: 'Files that were damaged, or belonged to a device that stopped. What could be read of them is in the database.',
    about: (size: number, when: string) => `${bytes(size)}, set aside on ${when}`,
    remove: (file: string) => `Delete ${file}`,
    removeTitle: 'Delete this file for good?',
    removeConfirm: 'Delete',
    removeWhat: 'What was read of it stays in the database. What could not be read is gone with it.',
  },
}
