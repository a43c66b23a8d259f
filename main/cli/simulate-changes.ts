// `twofold simulate changes`: a member list that changes while entries are written. It needs no folder and touches no network.
import { TwofoldError } from '../../shared/errors'
import { simulateChanges, type ChangesRun, type Summary } from '../simulator/list-changes'
import { UsageError, emit, number, whole, type AloneCall, type Command } from './command'

const PEERS_MAX = 300

function within(call: AloneCall, key: string, least: number, most: number, standard: number): number {
  const value = number(call, key) ?? standard
  if (!(value >= least && value <= most)) throw new UsageError(`--${key} is from ${least} to ${most}`)
  return value
}
const count = (call: AloneCall, key: string, least: number, most: number, standard: number): number => {
  const value = within(call, key, least, most, standard)
  if (!Number.isInteger(value)) throw new UsageError(`--${key} takes a whole number`)
  return value
}

const seconds = ({ p50, max }: Summary) =>
  `${(p50 / 1000).toFixed(2)} s in the middle, ${(max / 1000).toFixed(2)} s at most`

function reportOf(run: ChangesRun): string {
  const { options: o, minority: m } = run
  return [
    `${o.peers} members, ${o.admins} of them admins; ${run.asked} changes asked for, ${run.agreed} agreed on in ${run.epochs} lists, ${run.open} open.`,
    `From asking to everybody: ${seconds(run.agreedMs)}.`,
    `Two records for one number: ${run.doubleCertificates}. Different lists in the end: ${run.lists}.`,
    `${run.nodes} entries written meanwhile; lost: ${run.lost}. To everybody: ${seconds(run.reachedMs)}; beside a new list: ${seconds(run.reachedCloseMs)}.`,
    ...(m
      ? [
          `Parted for ${o.splitS} s: ${m.admins} of ${m.of} admins alone ${m.agreed ? 'AGREED' : 'could not agree'}; waiting for ${m.waitsFor.join(' or ') || 'nobody'}. The others agreed on ${run.agreedDuringSplit}.`,
          run.healedMs === null
            ? 'After healing there never was one list.'
            : `One list ${(run.healedMs / 1000).toFixed(1)} s after healing.`,
        ]
      : []),
  ].join('\n')
}

export const simulateChangesCommand: Command = {
  usage: 'simulate changes',
  about: 'Change the member list under load, by several admins, on a virtual network',
  details:
    'Admins let in, remove, promote and demote, some two at once, while entries are written, peers crash and come back, and the network may be parted with admins on both sides. What runs is what ships; one seed gives one result. With --json the last line is one object. Exit code 1 when two records were certified for one number, an entry was lost, a minority agreed alone, or there was not one list in the end.',
  examples: [
    'twofold simulate changes --peers 40 --admins 5',
    'twofold simulate changes --peers 24 --admins 5 --split 40 --loss 5 --seed 7 --json',
  ],
  flags: {
    peers: { type: 'string', about: `members to begin with (4 to ${PEERS_MAX}; default 24)` },
    admins: { type: 'string', about: 'how many of them are admins (1 to 9; default 5)' },
    changes: { type: 'string', about: 'times that something is asked for (default 20)' },
    rate: { type: 'string', about: 'entries a second in the whole circle (default 5)' },
    split: { type: 'string', about: 'seconds for which the network is parted, with admins on both sides' },
    latency: { type: 'string', about: 'mean one-way latency in ms (default 80, lognormal)' },
    loss: { type: 'string', about: 'per cent of frames lost; half as many are doubled, and all may overtake' },
    seed: { type: 'string', about: 'of all chance (default 1)' },
  },
  args: [0, 0],
  alone(call) {
    const peers = count(call, 'peers', 4, PEERS_MAX, 24)
    const run = simulateChanges(
      call.io.keys,
      {
        peers,
        admins: count(call, 'admins', 1, Math.min(9, peers), Math.min(5, peers)),
        changes: count(call, 'changes', 1, 1000, 20),
        rate: within(call, 'rate', 0.1, 1000, 5),
        splitS: within(call, 'split', 0, 3600, 0),
        latencyMs: within(call, 'latency', 0, 10_000, 80),
        loss: within(call, 'loss', 0, 50, 0),
        seed: whole(call, 'seed') ?? 1,
      },
      (step) => call.io.err(`… ${step}`),
    )
    emit(call, run, reportOf(run))
    if (run.doubleCertificates || run.lost || run.open || run.lists !== 1 || run.minority?.agreed)
      throw new TwofoldError('SIMULATION_FAILED')
    return true
  },
}
