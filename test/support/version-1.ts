// A database as version 0.1 stored it, row by row, for tests of what becomes of it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { root } from '../../scripts/electron-runtime.mjs'
import { fromHex } from '../../main/protocol/codec'
import { decodeContent, isEntry } from '../../main/protocol/kinds'
import type { TimelineNode } from '../../main/protocol/node'
import { id48Of } from '../../main/store/node-row'
import { TIMELINE_FILE } from '../../main/store/timeline-store'
import type { DeviceKey, MemberKey } from '../../shared/types'

export function storeAsVersion1(
  dir: string,
  people: readonly { device: DeviceKey; member: MemberKey }[],
  nodes: readonly TimelineNode[],
  received: number,
): void {
  const db = new Database(join(dir, TIMELINE_FILE))
  db.exec(readFileSync(join(root, 'test/store/version-1.sql'), 'utf8'))
  db.pragma('user_version = 1')
  db.exec('BEGIN')
  people.forEach((one, i) => {
    db.prepare('INSERT INTO members (id, key) VALUES (?, ?)').run(i + 1, one.member)
    db.prepare('INSERT INTO devices (id, key, member) VALUES (?, ?, ?)').run(i + 1, one.device, i + 1)
  })
  const insert = db.prepare('INSERT INTO nodes VALUES (NULL, ?, ?, ?, ?, ?, ?, 2, NULL, ?, ?, ?)')
  const span = db.prepare('INSERT INTO spans VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET n = n + 1')
  for (const node of nodes) {
    const number = people.findIndex((one) => one.device === node.device) + 1
    const content = decodeContent(node.kind, node.body)
    const entry = isEntry(content)
    const { lastInsertRowid } = insert.run(
      number,
      node.seq,
      number,
      id48Of(node.id),
      node.timestamp,
      received,
      entry ? 1 : 0,
      fromHex(node.id),
      node.bytes,
    )
    if (content && 'target' in content)
      db.prepare('INSERT INTO refs VALUES (?, ?, ?)').run(id48Of(content.target), node.kind, lastInsertRowid)
    if (!entry) continue
    db.prepare('UPDATE members SET entries = entries + 1 WHERE id = ?').run(number)
    for (const [ordering, at] of [node.timestamp, received].entries()) {
      span.run(ordering, 0, Math.floor(at / 3_600_000))
      span.run(ordering, number, Math.floor(at / 86_400_000))
    }
  }
  for (const [i, one] of people.entries()) {
    const own = new Map(nodes.filter((node) => node.device === one.device).map((node) => [node.seq, node]))
    let height = 0
    while (own.has(height + 1)) height++
    if (height)
      db.prepare('UPDATE devices SET height = ?, head = ? WHERE id = ?').run(
        height,
        fromHex(own.get(height)!.id),
        i + 1,
      )
  }
  db.exec('COMMIT')
  db.close()
}
