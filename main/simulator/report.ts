// The figures of a simulation as a table that a person can read, one design a row.
import type { Spread } from './baselines'
import type { SimulateResult } from './simulate'

const fixed = (value: number, digits: number) => value.toFixed(digits)
const seconds = (ms: number | null) => (ms === null ? 'never' : fixed(ms / 1000, 2))
const percent = (share: number) => `${fixed(100 * share, share === 1 ? 0 : 1)} %`

const HEAD = [
  'design',
  'sends',
  'max',
  'dup',
  'bytes',
  'hops',
  'max',
  't50 s',
  't99 s',
  't100 s',
  'links',
  'load',
  'reached',
]
const row = (name: string, s: Spread): string[] => [
  name,
  fixed(s.sends.mean, 2),
  String(s.sends.max),
  fixed(s.duplicates, 2),
  fixed(s.bytesPerPeer, 0),
  fixed(s.hops.mean, 1),
  String(s.hops.max),
  seconds(s.t50Ms),
  seconds(s.t99Ms),
  seconds(s.t100Ms),
  fixed(s.links, 0),
  fixed(s.imbalance, 1),
  percent(s.coverage),
]

/** Names to the left, figures to the right. */
function table(rows: string[][]): string {
  const widths = rows[0]!.map((_cell, i) => Math.max(...rows.map((r) => r[i]!.length)))
  return rows
    .map((r) => r.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '))
    .join('\n')
}

export function reportOf({ options: o, twofold: t, fullMesh, authorToAll, push2 }: SimulateResult): string {
  const wrong = [
    o.offline && `${o.offline} % offline`,
    o.crash && `${o.crash} % crash without a word`,
    o.drop && `${o.drop} % hand nothing on`,
    o.splitS && `split for ${o.splitS} s`,
    o.loss && `${o.loss} % of frames lost, some doubled and overtaking`,
    o.stale && `${o.stale} % with an old list`,
  ].filter((text): text is string => typeof text === 'string')
  const lines = [
    `${o.peers} peers, ${o.nodes} nodes at ${o.rate}/s, ${o.latencyMs} ms mean latency, mode ${o.mode}, jump ${o.jump}, seed ${o.seed}${wrong.length ? `; ${wrong.join(', ')}` : ''}`,
    '',
    table([
      HEAD,
      row('Twofold', t),
      row('full mesh', fullMesh),
      row('author to all', authorToAll),
      row('push to 2', push2),
    ]),
    '',
    'sends: payloads sent per node and peer; dup: received of what was there; bytes: per node and peer, with the',
    'stream’s 20 bytes a frame, without IP and UDP; load: the busiest peer’s sends by the mean; reached: of online peers.',
    '',
    `repair      ${t.retried} retried, ${t.takenOver} parts taken over, ${t.pulled} ranges pulled, ${t.late} trees that never brought a node`,
    `announced   ${fixed(t.announcements, 2)} per node and peer`,
    `upkeep      ${fixed(t.upkeepBytesPerS, 0)} B/s and ${fixed(t.framesPerS, 1)} frames/s (all purposes, while writing) per peer`,
  ]
  if (t.receipts.share !== null)
    lines.push(
      `receipts    ${percent(t.receipts.share)} of online peers named as holders; ${fixed(t.receipts.bytesPerS, 0)} B/s and ${fixed(t.receipts.checksPerS, 1)} checks/s per peer`,
    )
  if (o.splitS)
    lines.push(`split       all equal ${t.healedMs === null ? 'never' : `${seconds(t.healedMs)} s`} after healing`)
  if (t.droppers.all)
    lines.push(`droppers    ${t.droppers.demoted} of ${t.droppers.all} demoted, and ${t.droppers.honest} honest peers`)
  const refused = Object.entries(t.refused)
  if (refused.length) lines.push(`refused     ${refused.map(([code, count]) => `${code} ${count}`).join(', ')}`)
  return lines.join('\n')
}
