// Decides what stands beside the map: what its signs mean, with how many there are of each, and the facts of the device that
// is looked at.
import { useMemo, useState } from 'react'
import type { DemotionView, DeviceKey, LinkView, NetworkLive, RingPeer } from '../../shared/types'
import { locale, text } from '../text'
import { presenceWords, shortKey } from '../ui/avatar'
import { relativeTime } from '../ui/time'
import { OFFLINE_SHARE, RingMap } from './ring-map'
import { whole } from './traffic-plot'

interface RingProps {
  live: NetworkLive
  links: readonly LinkView[]
  now: number
  chosen: DeviceKey | null
  onChoose: (device: DeviceKey | null) => void
}

export function Ring({ live, links, now, chosen, onChoose }: RingProps) {
  const [looked, setLooked] = useState<DeviceKey | null>(null)
  const { ring, demoted } = live
  const shown = ring.findIndex((peer) => peer.device === (looked ?? chosen))
  const peer = ring[shown]
  return (
    <section aria-label={text.network.map} data-testid="ring">
      <h2 className="group-title">{text.network.map}</h2>
      <div className="panel ring-panel">
        {ring.length === 0 ? (
          <p className="line-hint ring-none">{text.network.offRing}</p>
        ) : (
          <>
            <RingMap
              ring={ring}
              links={links}
              demoted={demoted}
              now={now}
              chosen={chosen}
              onChoose={onChoose}
              looked={looked}
              onLook={setLooked}
            />
            <div className="ring-side">
              {peer ? (
                <Facts peer={peer} place={shown} live={live} links={links} now={now} />
              ) : (
                <Summary ring={ring} links={links} />
              )}
              <Legend ring={ring} links={links} demoted={demoted} />
            </div>
          </>
        )}
      </div>
    </section>
  )
}

function Summary({ ring, links }: { ring: readonly RingPeer[]; links: readonly LinkView[] }) {
  const neighbours = ring.filter((peer) => peer.neighbour && !peer.me)
  const linked = new Set(links.map((link) => link.device))
  const up = neighbours.filter((peer) => linked.has(peer.device)).length
  return (
    <div className="ring-facts">
      <h3>{text.network.devices(ring.length)}</h3>
      <p>{ring.length === 1 ? text.network.alone : text.network.neighbourSummary(neighbours.length, up)}</p>
      {ring.length > 1 && <p className="line-hint">{text.network.mapHint}</p>}
    </div>
  )
}

interface FactsProps {
  peer: RingPeer
  place: number
  live: NetworkLive
  links: readonly LinkView[]
  now: number
}

function Facts({ peer, place, live, links, now }: FactsProps) {
  const link = links.find((one) => one.device === peer.device)
  const traffic = live.peers.find((one) => one.device === peer.device)
  const demotion = live.demoted.find((one) => one.device === peer.device)
  const lastOf = (series: readonly number[]) => text.network.rate(whole(series).at(-1) ?? 0)
  const rows: [string, string][] = [[text.network.placeName, text.network.place(place, live.ring.length)]]
  if (link) {
    rows.push(
      [text.network.path, `${text.network.pathName[link.path]}, ${link.address}`],
      [text.network.since, relativeTime(link.sinceMs, now, locale)],
      [text.network.rtt, link.srttMs === null ? text.network.unmeasured : text.network.rttValue(link.srttMs)],
    )
  }
  if (traffic) rows.push([text.network.traffic, text.network.upDown(lastOf(traffic.sent), lastOf(traffic.received))])
  rows.push([text.network.device, shortKey(peer.device)])
  return (
    <div className="ring-facts" data-testid="ring-facts">
      <h3>
        {peer.memberName}
        {demotion && (
          <span className="tag" data-tone="warn">
            {text.network.demotedTag}
          </span>
        )}
      </h3>
      <p>{presenceWords(peer.presence, now)}</p>
      {!peer.me && (
        <p className="line-hint">
          {peer.neighbour
            ? link
              ? text.network.neighbour
              : text.network.neighbourDown
            : link
              ? text.network.spare
              : text.network.stranger}
        </p>
      )}
      <dl>
        {rows.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

interface LegendProps {
  ring: readonly RingPeer[]
  links: readonly LinkView[]
  demoted: readonly DemotionView[]
}

/** Only what there is. */
function Legend({ ring, links, demoted }: LegendProps) {
  const signs = useMemo(() => {
    const linked = new Set(links.map((link) => link.device))
    const others = ring.filter((peer) => !peer.me)
    const being = (state: RingPeer['presence']['state']) =>
      others.filter((peer) => peer.presence.state === state).length
    const over = (path: LinkView['path']) => links.filter((link) => link.path === path).length
    const missing = others.filter((peer) => peer.neighbour && !linked.has(peer.device)).length
    return [
      { sign: 'online', label: text.network.sign.online, amount: being('online') },
      { sign: 'seen', label: text.network.sign.seen, amount: being('seen') },
      { sign: 'offline', label: text.network.sign.offline, amount: being('offline') },
      { sign: 'demoted', label: text.network.sign.demoted, amount: demoted.length },
      { sign: 'lan', label: text.network.sign.lan, amount: over('lan') },
      { sign: 'internet', label: text.network.sign.internet, amount: over('internet') },
      { sign: 'loopback', label: text.network.sign.loopback, amount: over('loopback') },
      { sign: 'missing', label: text.network.sign.missing, amount: missing },
    ].filter(({ amount }) => amount > 0)
  }, [ring, links, demoted])
  return (
    <ul className="ring-legend" aria-label={text.network.legend}>
      {signs.map(({ sign, label, amount }) => (
        <li key={sign}>
          <Sign sign={sign} />
          <span>{label}</span>
          <strong>{text.network.amount(amount)}</strong>
        </li>
      ))}
    </ul>
  )
}

/** px */
const SIGN_DOT = 4.6
const isLine = (sign: string) => ['lan', 'internet', 'loopback', 'missing'].includes(sign)

function Sign({ sign }: { sign: string }) {
  return (
    <svg width={26} height={14} viewBox="-13 -7 26 14" aria-hidden>
      {isLine(sign) ? (
        <path d="M-12 0H12" className="map-link" data-way={sign} />
      ) : sign === 'demoted' ? (
        <path d="M0 -6L6 0L0 6L-6 0Z" className="map-demoted" />
      ) : (
        <g className="map-device" data-state={sign}>
          <circle r={sign === 'offline' ? SIGN_DOT * OFFLINE_SHARE : SIGN_DOT} className="map-dot" />
        </g>
      )}
    </svg>
  )
}
