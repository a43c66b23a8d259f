// Decides the live map of the ring (rules F1, F5, M7): every device in ring order, this one on top, with the links that it
// has and those that it should have. It is one list for keys and screen readers: the arrows walk the ring.
import { memo, useId, useMemo, type KeyboardEvent, type PointerEvent } from 'react'
import type { DemotionView, DeviceKey, LinkView, RingPeer } from '../../shared/types'
import { ringPoint } from '../inspector/route-layout'
import { text } from '../text'
import { presenceWords } from '../ui/avatar'
import { useWidth } from '../ui/size'
import { chordTo, deviceNear, mapSize, nameAt, overlap, placeNames, type MapSize } from './ring-layout'

/** How a device stands to this one; decides its line. */
type Way = LinkView['path'] | 'missing' | null

interface RingMapProps {
  ring: readonly RingPeer[]
  links: readonly LinkView[]
  demoted: readonly DemotionView[]
  now: number
  /** Whose facts stay in sight. */
  chosen: DeviceKey | null
  onChoose: (device: DeviceKey | null) => void
  /** Whom pointer or keys are on. */
  looked: DeviceKey | null
  onLook: (device: DeviceKey | null) => void
}

/** What a screen reader says of a device. */
function labelOf(peer: RingPeer, way: Way, place: number, count: number, demoted: boolean, now: number): string {
  const facts = [peer.memberName, presenceWords(peer.presence, now)]
  if (way === 'missing') facts.push(text.network.neighbourMissing)
  if (demoted) facts.push(text.network.demotedTag)
  return `${facts.join(', ')}, ${text.network.place(place, count)}`
}

export function RingMap({ ring, links, demoted, now, chosen, onChoose, looked, onLook }: RingMapProps) {
  const [box, width] = useWidth<HTMLDivElement>()
  const id = useId()
  const count = ring.length
  const size = mapSize(count, width)
  const pathOf = useMemo(() => new Map(links.map((link) => [link.device, link.path])), [links])
  const leaves = useMemo(() => new Set(demoted.map((one) => one.device)), [demoted])
  const ways = useMemo(
    () => ring.map((peer): Way => pathOf.get(peer.device) ?? (peer.neighbour && !peer.me ? 'missing' : null)),
    [ring, pathOf],
  )
  const labels = useMemo(
    () => ring.map((peer, at) => labelOf(peer, ways[at] ?? null, at, ring.length, leaves.has(peer.device), now)),
    [ring, ways, leaves, now],
  )
  const marked = ring.map((peer, index) => peer.me || ways[index] !== null || leaves.has(peer.device))
  const chosenAt = ring.findIndex((peer) => peer.device === chosen)
  const activeAt = looked === null ? chosenAt : ring.findIndex((peer) => peer.device === looked)
  const active = activeAt < 0 ? null : activeAt

  const deviceAt = (index: number | null): DeviceKey | null => (index === null ? null : (ring[index]?.device ?? null))
  const look = (index: number | null) => onLook(deviceAt(index))
  const choose = (index: number | null) => {
    const device = deviceAt(index)
    onChoose(device === chosen ? null : device)
  }
  const pointed = (event: PointerEvent<SVGSVGElement>): number | null => {
    const frame = event.currentTarget.getBoundingClientRect()
    const x = event.clientX - frame.left - size.width / 2
    const y = event.clientY - frame.top - size.height / 2
    return deviceNear(x, y, count, size.radius)
  }
  /** The next device in this direction that has a line to this one. */
  const lined = (from: number, step: 1 | -1): number => {
    for (let turn = 1; turn <= count; turn += 1) {
      const index = (from + step * turn + count * 2) % count
      if (ways[index] !== null) return index
    }
    return from
  }
  const press = (event: KeyboardEvent) => {
    const from = active ?? 0
    const to: Record<string, number | undefined> = {
      ArrowRight: (from + 1) % count,
      ArrowDown: (from + 1) % count,
      ArrowLeft: (from + count - 1) % count,
      ArrowUp: (from + count - 1) % count,
      PageDown: lined(from, 1),
      PageUp: lined(from, -1),
      Home: 0,
      End: count - 1,
    }
    const next = to[event.key]
    if (next !== undefined) look(next)
    else if (event.key === 'Enter' || event.key === ' ') choose(active)
    else if (event.key === 'Escape' && (chosen !== null || looked !== null)) {
      look(null)
      onChoose(null)
    } else return
    event.preventDefault()
  }
  return (
    <>
      <p className="unseen" id={`${id}-keys`}>
        {text.network.mapKeys}
      </p>
      <div
        ref={box}
        className="ring-map"
        role="listbox"
        tabIndex={0}
        aria-label={text.network.mapLabel(count)}
        aria-describedby={`${id}-keys`}
        aria-activedescendant={active === null ? undefined : `${id}-${active}`}
        data-testid="ring-map"
        onKeyDown={press}
        onFocus={(event) => active === null && event.currentTarget.matches(':focus-visible') && look(0)}
        onBlur={() => look(null)}
      >
        {width > 0 && (
          <svg
            width={size.width}
            height={size.height}
            viewBox={`${-size.width / 2} ${-size.height / 2} ${size.width} ${size.height}`}
            role="presentation"
            onPointerMove={(event) => look(pointed(event))}
            onPointerLeave={() => look(null)}
            onPointerUp={(event) => event.button === 0 && choose(pointed(event))}
          >
            <circle r={size.radius} className="map-ring" />
            {ways.map(
              (way, index) =>
                way !== null && (
                  <path
                    key={ring[index]?.device}
                    d={chordTo(index, count, size.radius)}
                    className="map-link"
                    data-way={way}
                    data-near={index === active || undefined}
                    data-dim={(active !== null && active !== 0 && index !== active) || undefined}
                  />
                ),
            )}
            {ring.map((peer, index) => (
              <Device
                key={peer.device}
                id={`${id}-${index}`}
                state={peer.presence.state}
                index={index}
                count={count}
                ringRadius={size.radius}
                radius={dotOf(peer, size, marked[index] === true || index === active)}
                demoted={leaves.has(peer.device)}
                active={index === active}
                chosen={index === chosenAt}
                label={labels[index] ?? peer.memberName}
              />
            ))}
            <Names ring={ring} marked={marked} active={active} size={size} />
          </svg>
        )}
      </div>
    </>
  )
}

/** px. Those with a line or a sign are never too small to be told apart. */
const MARKED_MIN = 3.4
const SELF_MIN = 5.5
const SELF_MAX = 9
const HALO = 4.5

/** Whoever is not there is smaller too: presence is told apart without colours. */
export const OFFLINE_SHARE = 0.6

function dotOf({ me, presence }: RingPeer, { spacing, dot }: MapSize, marked: boolean): number {
  if (me) return Math.min(SELF_MAX, Math.max(SELF_MIN, spacing * 0.6))
  const radius = Math.max(dot, marked ? MARKED_MIN : 0)
  return presence.state === 'offline' ? radius * OFFLINE_SHARE : radius
}

interface DeviceProps {
  id: string
  state: RingPeer['presence']['state']
  index: number
  count: number
  ringRadius: number
  radius: number
  demoted: boolean
  active: boolean
  chosen: boolean
  label: string
}

/** Painted anew only when something of it changed: there may be hundreds, and the pointer moves. */
const Device = memo(function Device(props: DeviceProps) {
  const { id, state, index, count, ringRadius, radius, demoted, active, chosen, label } = props
  const { x, y } = ringPoint(index, count, ringRadius)
  return (
    <g
      id={id}
      role="option"
      aria-selected={chosen}
      aria-label={label}
      className="map-device"
      data-state={state}
      data-demoted={demoted || undefined}
    >
      {(active || chosen) && <circle cx={x} cy={y} r={radius + HALO} className="map-halo" data-chosen={chosen} />}
      {demoted && (
        <path
          d={`M${x} ${y - radius - HALO}L${x + radius + HALO} ${y}L${x} ${y + radius + HALO}L${x - radius - HALO} ${y}Z`}
          className="map-demoted"
        />
      )}
      <circle cx={x} cy={y} r={radius} className="map-dot" />
    </g>
  )
})

/** From this spacing (px) on everybody bears a name where there is room; below it, those with a line or a sign. */
const ALL_NAMES_FROM = 11

interface NamesProps {
  ring: readonly RingPeer[]
  /** Whose names come first. */
  marked: readonly boolean[]
  active: number | null
  size: MapSize
}

function Names({ ring, marked, active, size }: NamesProps) {
  const count = ring.length
  const names = ring.map((peer) => (peer.me ? text.network.me : peer.memberName))
  const key = JSON.stringify([size.width, marked, names])
  // Worked out anew only when something of it changed, not with each second's answer.
  const still = useMemo(() => {
    const all = names.map((name, index) => ({ index, name }))
    const first = all.filter(({ index }) => marked[index])
    const others = size.spacing < ALL_NAMES_FROM ? [] : all.filter(({ index }) => !marked[index])
    return placeNames([...first, ...others], count, size)
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- all of it is in the key
  }, [key])
  const near = active === null ? null : nameAt(active, names[active] ?? '', count, size)
  return (
    <g aria-hidden>
      {still
        .filter((name) => near === null || (name.index !== near.index && !overlap(name, near)))
        .map((name) => (
          <text
            key={name.index}
            x={name.x}
            y={name.y}
            textAnchor={name.anchor}
            className="map-name"
            data-loud={name.index === 0 || undefined}
            data-dim={!marked[name.index] || undefined}
          >
            {name.text}
          </text>
        ))}
      {near && (
        <text x={near.x} y={near.y} textAnchor={near.anchor} className="map-name" data-loud>
          {near.text}
        </text>
      )}
    </g>
  )
}
