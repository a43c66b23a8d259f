// Decides the picture of a route (rules F1–F4, F10): the ring of the entry's epoch with both heir trees, or each tree on
// its own; the path from the author to this device stands out, and the same is said in words below.
import { useState } from 'react'
import type { Inspection, RouteTree } from '../../shared/types'
import { locale, text } from '../text'
import { Segments } from '../ui/field'
import { hueOf, initialsOf } from '../ui/identity-look'
import { useNow } from '../ui/now'
import { exactTime } from '../ui/time'
import { TREE_DEVICES_MAX, arrivalOf, pathIndices, ringPoint, servedBeside, treeLayout } from './route-layout'

type RouteInfo = Inspection['route']
type Hop = RouteInfo['ring'][number]

const MINUTE_MS = 60_000

export function Route({ route, mine }: { route: RouteInfo; mine: boolean }) {
  const [picture, setPicture] = useState<'ring' | 'trees'>('ring')
  const { ring, trees } = route
  return (
    <section aria-label={text.inspector.route}>
      <div className="inspector-title">
        <h3>{text.inspector.route}</h3>
        {ring.length > 1 && (
          <Segments
            label={text.inspector.picture}
            value={picture}
            options={[
              { value: 'ring', label: text.inspector.ring },
              { value: 'trees', label: text.inspector.treeView },
            ]}
            onChange={setPicture}
          />
        )}
      </div>
      <Came route={route} mine={mine} />
      {ring.length > 1 && (
        <>
          {picture === 'ring' ? (
            <Ring route={route} />
          ) : ring.length > TREE_DEVICES_MAX ? (
            <p className="route-lead">{text.inspector.collapsed(ring.length)}</p>
          ) : (
            trees.map((tree) => <TreePicture key={tree.tree} tree={tree} route={route} />)
          )}
          <ul className="route-paths">
            {trees.map((tree) => (
              <Path
                key={tree.tree}
                tree={tree}
                route={route}
                mine={mine}
                counts={picture === 'trees' && ring.length > TREE_DEVICES_MAX}
              />
            ))}
          </ul>
          <p className="route-lead">{text.inspector.routeLead}</p>
        </>
      )}
      {mine && (
        <>
          <h4>{text.inspector.acknowledged}</h4>
          {route.acknowledgedBy.length === 0 ? (
            <p className="route-lead">{text.inspector.acknowledgedNone}</p>
          ) : (
            <ul className="names" aria-label={text.inspector.acknowledged}>
              {route.acknowledgedBy.map((name, index) => (
                // two devices may carry one name
                <li key={`${name} ${index}`} className="tag" data-tone="good">
                  {name}
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </section>
  )
}

const treeClass = (tree: 0 | 1) => (tree === 0 ? 'tree-a' : 'tree-b')
const hopTitle = (hop: Hop, author: boolean) =>
  [
    hop.memberName,
    author ? text.inspector.author : '',
    hop.me ? text.inspector.me : '',
    hop.online || hop.me ? text.inspector.online : text.inspector.offline,
  ]
    .filter((word) => word !== '')
    .join(' · ')

const RING_WIDTH = 380
const RING_HEIGHT = 304
const RING_RADIUS = 116
/** Up to so many names fit around the ring; beyond, only the two ends and whoever is pointed at. */
const RING_NAMES_MAX = 14

function Ring({ route }: { route: RouteInfo }) {
  const [hovered, setHovered] = useState<number | null>(null)
  const { ring, trees, cameFrom } = route
  const dot = ring.length > 60 ? 3.2 : ring.length > 24 ? 5.5 : ring.length > 12 ? 10 : 14
  const point = (index: number) => ringPoint(index, ring.length, RING_RADIUS)
  // Each tree bends to its own side of the straight line, so that edges of both trees on one pair stay apart.
  const chord = (from: number, to: number, tree: 0 | 1) => {
    const a = point(from)
    const b = point(to)
    const bend = tree === 0 ? 0.56 : 0.72
    return `M${a.x.toFixed(1)} ${a.y.toFixed(1)}Q${(((a.x + b.x) / 2) * bend).toFixed(1)} ${(((a.y + b.y) / 2) * bend).toFixed(1)} ${b.x.toFixed(1)} ${b.y.toFixed(1)}`
  }
  const named = (index: number): boolean =>
    index === hovered || ring.length <= RING_NAMES_MAX || index === 0 || ring[index]?.me === true
  const paths = trees.map((tree) => ({ tree: tree.tree, at: pathIndices(tree, ring) }))
  const onPath = new Set(paths.flatMap((path) => path.at))
  // The hop that really happened, where it is none of the planned ones.
  const strayed = strayedHop(route)
  const focus =
    hovered === null
      ? null
      : new Set(trees.flatMap((tree) => tree.edges.filter((edge) => edge.from === hovered || edge.to === hovered)))
  return (
    <svg
      className="route-ring"
      viewBox={`${-RING_WIDTH / 2} ${-RING_HEIGHT / 2} ${RING_WIDTH} ${RING_HEIGHT}`}
      role="img"
      aria-label={text.inspector.ringLabel(ring.length)}
      data-testid="route-ring"
      onPointerLeave={() => setHovered(null)}
    >
      <circle r={RING_RADIUS} className="ring-line" />
      {trees.map((tree) =>
        tree.edges.map((edge) => (
          <path
            key={`${tree.tree} ${edge.from} ${edge.to}`}
            d={chord(edge.from, edge.to, tree.tree)}
            className={`edge ${treeClass(tree.tree)}`}
            data-near={focus?.has(edge) || undefined}
          />
        )),
      )}
      {paths.map(({ tree, at }) =>
        at
          .slice(1)
          .map((to, index) => (
            <path
              key={`${tree} path ${to}`}
              d={chord(at[index] ?? 0, to, tree)}
              className={`edge edge-path ${treeClass(tree)}`}
              data-dim={focus !== null || undefined}
            />
          )),
      )}
      {strayed !== null && (
        <path
          d={chord(strayed.from, strayed.to, strayed.tree)}
          className={`edge edge-real ${treeClass(strayed.tree)}`}
        />
      )}
      {ring.map((hop, index) => {
        const { x, y } = point(index)
        const label = ringPoint(
          index,
          ring.length,
          RING_RADIUS + Math.max(dot, ring.length > RING_NAMES_MAX ? 9 : 0) + 10,
        )
        const big = index === 0 || hop.me || (cameFrom !== null && hop.device === cameFrom.device)
        const radius = Math.max(dot, big ? 9 : onPath.has(index) ? 5 : 0)
        return (
          <g
            key={hop.device}
            className="hop"
            data-offline={(!hop.online && !hop.me) || undefined}
            onPointerEnter={() => setHovered(index)}
          >
            <title>{hopTitle(hop, index === 0)}</title>
            {(hop.me || index === 0) && <circle cx={x} cy={y} r={radius + 3.5} className="hop-halo" />}
            <circle cx={x} cy={y} r={radius} fill={`oklch(0.56 0.11 ${hueOf(hop.member)})`} />
            {radius >= 9 && (
              <text x={x} y={y} className="hop-letters" fontSize={radius * 0.82}>
                {initialsOf(hop.memberName)}
              </text>
            )}
            {named(index) && (
              <text
                x={label.x}
                y={label.y + (Math.abs(label.x) < 30 ? Math.sign(label.y) * 5 : 0)}
                className="hop-name"
                data-loud={hop.me || index === 0 || index === hovered || undefined}
                textAnchor={Math.abs(label.x) < 30 ? 'middle' : label.x > 0 ? 'start' : 'end'}
              >
                {hop.me ? text.inspector.me : shorten(hop.memberName)}
              </text>
            )}
          </g>
        )
      })}
    </svg>
  )
}

function strayedHop({ ring, trees, cameFrom }: RouteInfo): { from: number; to: number; tree: 0 | 1 } | null {
  if (cameFrom === null || cameFrom.how === 'sync') return null
  const arrival = arrivalOf(cameFrom, trees)
  if (arrival.way === 'sync' || (arrival.way === 'planned' && arrival.passedOver === 0)) return null
  const from = ring.findIndex((hop) => hop.device === cameFrom.device)
  const to = ring.findIndex((hop) => hop.me)
  return from < 0 || to < 0 ? null : { from, to, tree: arrival.tree }
}

/** Which hop reached this device, from whom and when; and why, where it was not the one that the tree says. */
function Came({ route, mine }: { route: RouteInfo; mine: boolean }) {
  const { cameFrom, trees } = route
  const now = useNow(MINUTE_MS)
  if (mine || cameFrom === null)
    return <p className="route-came">{mine ? text.inspector.ownRoute : text.inspector.cameUnknown}</p>
  const arrival = arrivalOf(cameFrom, trees)
  const name = cameFrom.memberName
  const why =
    arrival.way === 'sync'
      ? text.inspector.cameSync
      : arrival.way === 'stand-in'
        ? text.inspector.cameStandIn(name)
        : arrival.passedOver > 0
          ? text.inspector.camePassedOver(arrival.passedOver)
          : text.inspector.camePlanned
  const way =
    arrival.way === 'sync'
      ? text.inspector.waySync
      : arrival.way === 'stand-in'
        ? text.inspector.wayStandIn(arrival.tree)
        : text.inspector.wayHop(arrival.tree, arrival.hop, arrival.hops)
  return (
    <div className="route-came" data-testid="came">
      <dl className="facts">
        <div>
          <dt>{text.inspector.from}</dt>
          <dd>{name}</dd>
        </div>
        <div>
          <dt>{text.inspector.way}</dt>
          <dd>{way}</dd>
        </div>
        <div>
          <dt>{text.inspector.stored}</dt>
          <dd>{exactTime(cameFrom.at, now, locale)}</dd>
        </div>
      </dl>
      <p className="route-lead">{why}</p>
    </div>
  )
}

const NAME_CHARS = 12
const shorten = (name: string) => (name.length > NAME_CHARS ? `${name.slice(0, NAME_CHARS - 1)}…` : name)

const LEVEL_PX = 46
const TREE_DOT = 10
const TREE_WIDTH = 340

function TreePicture({ tree, route }: { tree: RouteTree; route: RouteInfo }) {
  const { ring } = route
  const { placed, columns, depth } = treeLayout(tree.edges, 0)
  const path = new Set(pathIndices(tree, ring))
  const step = (TREE_WIDTH - 2 * TREE_DOT - 8) / Math.max(1, columns - 1)
  const dot = Math.min(TREE_DOT, Math.max(4, step / 2.2))
  const at = new Map(
    placed.map((one) => [
      one.index,
      { x: columns === 1 ? TREE_WIDTH / 2 : TREE_DOT + 4 + one.column * step, y: TREE_DOT + 6 + one.depth * LEVEL_PX },
    ]),
  )
  const height = 2 * TREE_DOT + 12 + depth * LEVEL_PX
  return (
    <figure className="route-tree">
      <figcaption className={treeClass(tree.tree)}>{text.inspector.tree(tree.tree)}</figcaption>
      <svg
        viewBox={`0 0 ${TREE_WIDTH} ${height}`}
        role="img"
        aria-label={text.inspector.treeLabel(tree.tree, ring.length)}
      >
        {tree.edges.map(({ from, to }) => {
          const a = at.get(from)
          const b = at.get(to)
          if (!a || !b) return null
          const middle = (a.y + b.y) / 2
          const onPath = path.has(from) && path.has(to)
          return (
            <path
              key={`${from} ${to}`}
              d={`M${a.x} ${a.y}C${a.x} ${middle} ${b.x} ${middle} ${b.x} ${b.y}`}
              className={`edge ${treeClass(tree.tree)} ${onPath ? 'edge-path' : ''}`}
            />
          )
        })}
        {placed.map(({ index }) => {
          const hop = ring[index]
          const spot = at.get(index)
          if (!hop || !spot) return null
          const radius = path.has(index) ? Math.max(dot, 8) : dot
          return (
            <g key={hop.device} className="hop" data-offline={(!hop.online && !hop.me) || undefined}>
              <title>{hopTitle(hop, index === 0)}</title>
              {(hop.me || index === 0) && <circle cx={spot.x} cy={spot.y} r={radius + 3} className="hop-halo" />}
              <circle cx={spot.x} cy={spot.y} r={radius} fill={`oklch(0.56 0.11 ${hueOf(hop.member)})`} />
              {radius >= 7 && (
                <text x={spot.x} y={spot.y} className="hop-letters" fontSize={radius * 0.82}>
                  {initialsOf(hop.memberName)}
                </text>
              )}
            </g>
          )
        })}
      </svg>
    </figure>
  )
}

function Path({ tree, route, mine, counts }: { tree: RouteTree; route: RouteInfo; mine: boolean; counts: boolean }) {
  const { ring, cameFrom } = route
  const indices = pathIndices(tree, ring)
  const beside = counts ? servedBeside(tree.edges, indices) : []
  const brought = !mine && cameFrom?.how === 'tree' && cameFrom.tree === tree.tree && cameFrom.hop !== null
  return (
    <li className="route-path">
      <span className={`route-key ${treeClass(tree.tree)}`}>{text.inspector.tree(tree.tree)}</span>
      {tree.path.length < 2 ? (
        <span className="route-none">{mine ? text.inspector.direct : text.inspector.offRing}</span>
      ) : (
        <ol>
          {tree.path.map((hop, index) => (
            <li key={hop.device}>
              {ring.find((one) => one.device === hop.device)?.me ? text.inspector.me : hop.memberName}
              {index === 0 && <em>{text.inspector.author}</em>}
              {(beside[index] ?? 0) > 0 && <em>{text.inspector.served(beside[index] ?? 0)}</em>}
            </li>
          ))}
        </ol>
      )}
      {brought && (
        <span className="tag" data-tone="good">
          {text.inspector.delivered}
        </span>
      )}
    </li>
  )
}
