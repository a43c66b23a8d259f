// A circle of three whose entries are made by hand, with the views of one of them over a real store.
import { Indexer } from '../../main/peer/indexer'
import { Rows } from '../../main/peer/rows'
import { Views } from '../../main/peer/views'
import { encodeContent, type Content } from '../../main/protocol/kinds'
import { makeNode, type TimelineNode } from '../../main/protocol/node'
import { differences } from '../../main/render/differences'
import { facetsOf } from '../../main/render/facets'
import { RENDER_VERSION, renderMarkdown } from '../../main/render/markdown'
import { markTree } from '../../main/render/marks'
import { excerpt } from '../../main/render/text'
import { openTimelineStore } from '../../main/store/timeline-store'
import type { MemberKey, ViewChange } from '../../shared/types'
import { tempFolder } from './folder'
import { NEW_YEAR, crypto, makeCircle, type Person } from './people'

const { people, list } = makeCircle(3)
export const [ann, ben, cem] = people as [Person, Person, Person]
export { list }
const memberOf = (device: string): MemberKey => people.find((p) => p.device.key === device)!.member

/** Views of Ann's device. Entries are minutes of the first day of the year apart, unless they say when. */
export function circleViews(dir = tempFolder(), renderVersion = RENDER_VERSION) {
  const store = openTimelineStore(dir, crypto)
  for (const { device, member } of people) store.knowDevice(device.key, member)
  const heads = new Map<string, TimelineNode>()
  const calls = { render: 0 }
  const parts = {
    render: (text: string) => {
      calls.render++
      return { ...renderMarkdown(text), version: renderVersion }
    },
    secrets: { crypto },
    renderVersion,
    facets: facetsOf,
    differences,
    mark: markTree,
    excerpt,
    now: () => Date.now(),
    log: () => undefined,
  }
  const rows = new Rows({ parts, store, list: () => list, me: ann.device.key, member: ann.member, ownHeld: () => 0 })
  const told: ViewChange[] = []
  const views = new Views(
    store,
    rows,
    ann.member,
    (node) => memberOf(node.device),
    (change) => told.push(change),
    () => Date.now(),
  )
  const indexer = new Indexer({ parts, store, rows, indexed: () => views.relist() })
  let minute = 0
  const made = (who: Person, content: Content, at = NEW_YEAR + ++minute * 60_000): TimelineNode => {
    const head = heads.get(who.device.key)
    const node = makeNode(
      crypto,
      {
        circle: list.circle,
        device: who.device.key,
        seq: (head?.seq ?? 0) + 1,
        ...(head && { backlink: head.id }),
        timestamp: Math.max(at, (head?.timestamp ?? 0) + 1),
        epoch: 1,
        ...encodeContent(content),
      },
      who.device.sign,
    )
    heads.set(who.device.key, node)
    return node
  }
  const arrive = (...nodes: TimelineNode[]) => {
    store.append(
      nodes.map((node) => ({ node, origin: { from: null, how: 'sync', tree: null }, arrival: null })),
      memberOf,
      Date.now(),
    )
    views.stored(nodes)
  }
  const index = () => {
    while (indexer.bite());
  }
  return {
    store,
    rows,
    views,
    told,
    indexer,
    calls,
    made,
    arrive,
    index,
    /** Made and arrived at once. */
    say(who: Person, content: Content, at?: number): TimelineNode {
      const node = made(who, content, at)
      arrive(node)
      return node
    },
    close() {
      indexer.stop()
      views.stop()
      store.close()
    },
  }
}
