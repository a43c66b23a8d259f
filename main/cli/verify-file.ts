// `twofold verify FILE`: what a proof, an archive or an export shows, in sentences, from nothing but its bytes.
import { TwofoldError } from '../../shared/errors'
import { columns, printable, when, type AloneCall, type Io } from './command'

/** How often the progress of a long check is printed. */
const TELL_MS = 2000

/** `verify FILE` needs no folder: the file brings all that it takes. */
export async function verifyFile(call: AloneCall, file: string): Promise<void> {
  const { io, json } = call
  const form = io.archives.formOf(file)
  if (form === 'backup')
    throw new TwofoldError('PROOF_FILE_INVALID', { detail: 'it is a backup; twofold restore opens it.' })
  if (form !== 'other') await verifyArchive(call, file)
  else for (const proof of io.proofsIn(io.readFile(file))) verifyProof(io, proof, json)
}

async function verifyArchive(call: AloneCall, file: string): Promise<void> {
  const { io } = call
  let toldAt = io.now()
  const checked = await io.archives.check(file, (done) => {
    if (!call.json && io.now() - toldAt >= TELL_MS) {
      toldAt = io.now()
      io.err(`${done} entries checked`)
    }
    return Promise.resolve()
  })
  const { circle, circleId, nodes, timelines, holders, signedBy, torn } = checked
  if (call.json) {
    io.out(JSON.stringify({ ok: true, ...checked }))
    return
  }
  io.out(`The file holds: ${nodes} signed entries of ${timelines.length} devices in the circle ${circle}.`)
  io.out(
    signedBy
      ? `Signed as a whole by ${signedBy.memberName} on ${when(signedBy.at)} UTC: nothing was left out, added or changed since.`
      : 'Nobody signed it as a whole, so entries at the end of a timeline may be missing.',
  )
  if (torn) io.out('It ends in the middle of a record, as a crash leaves it.')
  io.out(
    columns([
      ['DEVICE OF', 'ENTRIES', 'COMPLETE', 'KEY'],
      ...timelines.map((t) => [
        t.memberName,
        String(t.nodes),
        t.linked ? `1 to ${t.seq}` : 'with gaps',
        t.device.slice(0, 12),
      ]),
    ]),
  )
  for (const { memberName, at, nodes: held } of holders)
    io.out(`${memberName} signed on ${when(at)} UTC that a device of theirs holds and has verified ${held} of these.`)
  io.out(
    `Circle id: ${circleId}\nCompare it with the circle's own, if you know it: anybody can found a circle of the same name.`,
  )
}

function verifyProof(io: Io, proof: string, json: boolean): void {
  const { circle, circleId, memberName, node, other, text: said, steps } = io.checkProof(proof)
  if (json) {
    io.out(
      JSON.stringify({
        ok: true,
        ...(other && { fork: { device: node.device, seq: node.seq, ids: [node.id, other.id] } }),
        id: node.id,
        memberName,
        circle,
        circleId,
        timestamp: node.timestamp,
        text: said,
        steps: steps.map(({ id, ok, sentence }) => ({ id, ok, sentence })),
      }),
    )
    return
  }
  if (other)
    io.out(
      `The proof holds: a device of ${memberName} in the circle ${circle} signed two different entries number ${node.seq}.\n  Device ${node.device}\n  ${node.id}  ${when(node.timestamp)}\n  ${other.id}  ${when(other.timestamp)}`,
    )
  else io.out(`The proof holds: written by ${memberName} in the circle ${circle}, ${when(node.timestamp)}.`)
  if (said !== null) io.out(printable(said).replace(/^/gm, '  > '))
  for (const step of steps) io.out(`  ${step.ok ? '✓' : '✗'} ${step.sentence}`)
  io.out(
    `Circle id: ${circleId}\nCompare it with the circle's own, if you know it: anybody can found a circle of the same name.`,
  )
}
