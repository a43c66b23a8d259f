// `twofold seed`: a signed sample circle to try, measure and show Twofold with, in a folder of its own.
import { UsageError, emit, whole, type Command } from './command'

const ENTRIES_MAX = 5_000_000
const MEMBERS_MAX = 1000

export const seed: Command = {
  usage: 'seed --entries N --members M --data DIR',
  about: 'Make a sample circle in an empty folder',
  details:
    'Every entry is signed by a key made for this and thrown away, so the circle has one real device: this folder.\nThe folder must be empty: nothing is ever added to a circle that somebody uses.',
  examples: ['twofold seed --entries 10000 --members 12 --data /tmp/sample'],
  flags: {
    entries: { type: 'string', about: 'posts and replies (default 1000)' },
    members: { type: 'string', about: 'people, you among them (default 12)' },
    days: { type: 'string', about: 'spread over so many days up to now (default 1100)' },
    random: { type: 'string', about: 'a number that gives the same texts again (default 1)' },
  },
  args: [0, 0],
  async make(call, dir) {
    const bounded = (key: string, standard: number, least: number, most: number) => {
      const value = whole(call, key) ?? standard
      if (value < least || value > most) throw new UsageError(`--${key} takes ${least} to ${most}`)
      return value
    }
    if (dir === null) throw new UsageError('--data DIR is needed: an empty folder, never that of the app')
    const options = {
      entries: bounded('entries', 1000, 1, ENTRIES_MAX),
      members: bounded('members', 12, 1, MEMBERS_MAX),
      days: bounded('days', 1100, 1, 20_000),
      random: bounded('random', 1, 0, 2 ** 31),
    }
    const seeded = await call.io.seed(dir, options, (entries) => {
      if (!call.json) call.io.err(`${entries} of ${options.entries} entries`)
    })
    emit(
      call,
      seeded,
      `${seeded.entries} entries of ${seeded.members} members (${seeded.nodes} signed nodes) are in ${dir}.\nLook at them: twofold timeline --data ${dir}`,
    )
  },
}
