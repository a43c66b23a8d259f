// `twofold simulate`: a circle of any size on a virtual network, in figures. It needs no folder and touches no network.
import { reportOf } from '../simulator/report'
import { PEERS_MAX, RECEIPTS_UP_TO, simulate, type SimulateOptions } from '../simulator/simulate'
import { UsageError, emit, number, text, whole, type AloneCall, type Command } from './command'

const percent = (call: AloneCall, key: string): number => {
  const value = number(call, key) ?? 0
  if (value < 0 || value >= 100) throw new UsageError(`--${key} is a percentage from 0 to below 100`)
  return value
}
const within = (call: AloneCall, key: string, least: number, most: number, standard: number): number => {
  const value = number(call, key) ?? standard
  if (!(value >= least && value <= most)) throw new UsageError(`--${key} is from ${least} to ${most}`)
  return value
}

/** By default so many nodes: enough for stable figures, few enough for minutes at 10,000 peers. */
const nodesFor = (peers: number) => (peers <= 200 ? 100 : peers <= 2000 ? 40 : 12)

function optionsOf(call: AloneCall): SimulateOptions {
  const peers = whole(call, 'peers') ?? 100
  if (peers < 2 || peers > PEERS_MAX) throw new UsageError(`--peers is from 2 to ${PEERS_MAX}`)
  const mode = text(call, 'mode') ?? 'full'
  if (mode !== 'full' && mode !== 'brief' && mode !== 'auto') throw new UsageError('--mode is full, brief or auto')
  const jump = whole(call, 'jump') ?? 0
  if (jump !== 0 && jump !== 1 && jump !== 2 && jump !== 3) throw new UsageError('--jump is 0, 1, 2 or 3')
  return {
    peers,
    rate: within(call, 'rate', 0.01, 10_000, 2),
    nodes: within(call, 'nodes', 1, 100_000, nodesFor(peers)),
    mode,
    jump,
    latencyMs: within(call, 'latency', 0, 10_000, 80),
    offline: percent(call, 'offline'),
    crash: percent(call, 'crash'),
    drop: percent(call, 'drop'),
    splitS: within(call, 'split', 0, 3600, 0),
    loss: percent(call, 'loss'),
    stale: percent(call, 'stale'),
    receipts: call.flags.receipts === true || peers <= RECEIPTS_UP_TO,
    seed: whole(call, 'seed') ?? 1,
  }
}

export const simulateCommand: Command = {
  usage: 'simulate --peers N [--rate R] [--mode full|brief]',
  about: 'Run a circle of N peers on a virtual network and print what forwarding costs and how fast it is',
  details:
    'The engine that ships, on a virtual clock, network and disk: nothing is sent and no folder is touched. One seed gives one result, to the byte. Beside it, on the same latencies: everybody to everybody, the author to all, and two random targets. With --json the last line is one object.',
  examples: [
    'twofold simulate --peers 100',
    'twofold simulate --peers 1000 --mode brief --crash 10 --seed 7',
    'twofold simulate --peers 100 --split 60 --json',
  ],
  flags: {
    peers: { type: 'string', about: 'how many (2 to 10,000; default 100)' },
    rate: { type: 'string', about: 'nodes a second in the whole circle (default 2)' },
    nodes: { type: 'string', about: 'how many nodes are written' },
    mode: { type: 'string', about: 'full (default): both trees carry payloads; brief: the second announces; auto' },
    jump: { type: 'string', about: 'how nodes jump: 0 (default) fingers; 1 to 3 free' },
    latency: { type: 'string', about: 'mean one-way latency in ms (default 80, lognormal)' },
    offline: { type: 'string', about: 'per cent of peers that are known to be offline' },
    crash: { type: 'string', about: 'per cent of peers that vanish without a word as the writing begins' },
    drop: { type: 'string', about: 'per cent of peers that take nodes and hand none on' },
    split: { type: 'string', about: 'seconds for which the network is parted in two, while nodes are written' },
    loss: { type: 'string', about: 'per cent of frames lost; half as many are doubled, and all may overtake' },
    stale: { type: 'string', about: 'per cent of peers that know the list before the latest' },
    receipts: { type: 'boolean', about: `checkpoints also above ${RECEIPTS_UP_TO} peers` },
    seed: { type: 'string', about: 'of all chance (default 1)' },
  },
  args: [0, 0],
  alone(call) {
    const options = optionsOf(call)
    const result = simulate(call.io.keys, options, (step) => call.io.err(`… ${step}`))
    emit(call, result, reportOf(result))
    return true
  },
}
