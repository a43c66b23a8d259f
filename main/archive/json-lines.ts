// The export for programs: JSON lines in UTF-8, readable by anything, one node a line with its signature and its very bytes, so
// that whoever imports it verifies each like a stranger's. The first lines hold what the list is judged by; the last says how
// many there were, so that a file that was cut short shows.
import { StringDecoder } from 'node:string_decoder'
import type { Item, JsonNode, JsonSource, Step } from '../protocol/archive'
import { fromHex, toHex } from '../protocol/codec'
import { fileSource } from './records'
import { beginFile } from './whole-file'

const JSON_FORMAT = 'twofold-export'
const VERSION = 1
/** The longest line is an epoch record of 900,000 bytes in hex. */
const LINE_CHARS_MAX = 4_194_304

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

function line({ node, member, memberName, receivedAt, content }: JsonNode): string {
  return JSON.stringify({
    id: node.id,
    member,
    memberName,
    device: node.device,
    seq: node.seq,
    timestamp: node.timestamp,
    receivedAt,
    epoch: node.epoch,
    kind: content?.kind ?? `unknown ${node.kind}`,
    ...(content && 'text' in content && { text: content.text }),
    ...(content && 'target' in content && { target: content.target }),
    ...(content?.kind === 'profile' && { name: content.name }),
    signature: toHex(node.signature),
    bytes: base64(node.bytes),
  })
}

/** Throws DISK_FULL, FOLDER_UNWRITABLE, and what `step` throws; then there is no file. */
export async function writeJsonLines(
  path: string,
  source: JsonSource,
  at: number,
  step: Step,
): Promise<{ nodes: number; bytes: number }> {
  const file = beginFile(path)
  let nodes = 0
  try {
    const { circle, circleName } = source
    const head = { format: JSON_FORMAT, version: VERSION, circle, circleName, at, genesis: toHex(source.genesis) }
    file.text(`${JSON.stringify(head)}\n`)
    for (const epoch of source.epochs) file.text(`${JSON.stringify({ listRecord: toHex(epoch) })}\n`)
    for (const run of source.runs()) {
      file.text(run.map((node) => `${line(node)}\n`).join(''))
      nodes += run.length
      await step(nodes)
    }
    file.text(`${JSON.stringify({ nodes })}\n`)
    file.finish()
    return { nodes, bytes: file.bytes }
  } catch (error) {
    file.abandon()
    throw error
  }
}

const HEX = /^([0-9a-f]{2})+$/
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/** Only what is signed is read of a line; the rest of it is for people. */
function itemOfLine(text: string): Item | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { type: 'unreadable' }
  }
  if (typeof value !== 'object' || value === null) return { type: 'unreadable' }
  const { genesis, listRecord, bytes, nodes } = value as Record<string, unknown>
  if (typeof bytes === 'string' && BASE64.test(bytes))
    return { type: 'node', bytes: Uint8Array.from(Buffer.from(bytes, 'base64')) }
  if (typeof listRecord === 'string' && HEX.test(listRecord)) return { type: 'epoch', bytes: fromHex(listRecord) }
  if (typeof genesis === 'string' && HEX.test(genesis)) return { type: 'genesis', bytes: fromHex(genesis) }
  return typeof nodes === 'number' ? null : { type: 'unreadable' }
}

/** Throws FILE_UNREADABLE. A line that is longer than any of ours is told as unreadable, and passed over. */
export function* readJsonLines(path: string): Generator<Item> {
  const { read, close } = fileSource(path)
  try {
    const decoder = new StringDecoder('utf8')
    let rest = ''
    let tooLong = false
    for (;;) {
      const chunk = read()
      const lines = (rest + (chunk ? decoder.write(chunk) : `${decoder.end()}\n`)).split('\n')
      rest = chunk ? lines.pop()! : ''
      for (const one of lines) {
        const item = tooLong ? null : one.trim() === '' ? null : itemOfLine(one)
        tooLong = false
        if (item) yield item
      }
      if (!chunk) return
      if (rest.length <= LINE_CHARS_MAX) continue
      if (!tooLong) yield { type: 'unreadable' }
      tooLong = true
      rest = ''
    }
  } finally {
    close()
  }
}
