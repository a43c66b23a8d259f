// Decides how the traffic of the last five minutes is shown: received upwards, sent downwards, in all or with one device,
// and the same in figures.
import { useState, useId } from 'react'
import type { DeviceKey, LinkView, NetworkLive } from '../../shared/types'
import { locale, text } from '../text'
import { shortKey } from '../ui/avatar'
import { clockSeconds } from '../ui/time'
import { useWidth } from '../ui/size'
import { areaPath, scaleFor, secondAt, sumOfLast, whole } from './traffic-plot'

const ALL = 'all'
const MINUTE_S = 60
/** px */
const HALF = 66
const PAD = 16
const HEIGHT = 2 * (HALF + PAD)
const AXIS = HEIGHT / 2

interface TrafficProps {
  live: NetworkLive
  links: readonly LinkView[]
  chosen: DeviceKey | null
  onChoose: (device: DeviceKey | null) => void
}

export function Traffic({ live, links, chosen, onChoose }: TrafficProps) {
  const id = useId()
  const peer = live.peers.find((one) => one.device === chosen)
  const { sent, received } = peer ?? live.traffic
  const named = links
    .map((link) => ({
      device: link.device,
      name: links.some((other) => other !== link && other.memberName === link.memberName)
        ? `${link.memberName} (${shortKey(link.device)})`
        : link.memberName,
    }))
    .sort((a, b) => a.name.localeCompare(b.name, locale))
  const last = (series: readonly number[]) => text.network.rate(whole(series).at(-1) ?? 0)
  const minute = (series: readonly number[]) => text.network.bytes(sumOfLast(series, MINUTE_S))
  return (
    <section aria-label={text.network.traffic} data-testid="traffic">
      <h2 className="group-title">
        {text.network.traffic}
        {named.length > 0 && (
          <select
            className="input traffic-select"
            id={id}
            aria-label={text.network.trafficOf}
            value={peer?.device ?? ALL}
            onChange={(event) => onChoose(live.peers.find((one) => one.device === event.target.value)?.device ?? null)}
          >
            <option value={ALL}>{text.network.allLinks}</option>
            {named.map(({ device, name }) => (
              <option key={device} value={device}>
                {name}
              </option>
            ))}
          </select>
        )}
      </h2>
      <div className="panel traffic">
        <Plot at={live.at} sent={sent} received={received} />
        <table className="traffic-figures">
          <thead>
            <tr>
              <th scope="col">
                <span className="unseen">{text.network.way}</span>
              </th>
              <th scope="col">{text.network.nowSecond}</th>
              <th scope="col">{text.network.lastMinute}</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">
                <Swatch way="received" />
                {text.network.received}
              </th>
              <td>{last(received)}</td>
              <td>{minute(received)}</td>
            </tr>
            <tr>
              <th scope="row">
                <Swatch way="sent" />
                {text.network.sent}
              </th>
              <td>{last(sent)}</td>
              <td>{minute(sent)}</td>
            </tr>
          </tbody>
        </table>
      </div>
    </section>
  )
}

function Swatch({ way }: { way: 'sent' | 'received' }) {
  return (
    <svg width={12} height={12} viewBox="0 0 12 12" aria-hidden>
      <path
        d={way === 'received' ? 'M1 11V5L6 1L11 5V11Z' : 'M1 1V7L6 11L11 7V1Z'}
        className="traffic-area"
        data-way={way}
      />
    </svg>
  )
}

function Plot({ at, sent, received }: { at: number; sent: readonly number[]; received: readonly number[] }) {
  const [box, width] = useWidth<HTMLDivElement>()
  const [pointer, setPointer] = useState<number | null>(null)
  const up = whole(received)
  const down = whole(sent)
  const seconds = up.length
  const most = scaleFor(up, down)
  const second = pointer === null ? null : secondAt(pointer, width, seconds)
  const x = second === null ? 0 : ((second + 0.5) / seconds) * width
  return (
    <div className="traffic-plot" ref={box}>
      {width > 0 && (
        <svg
          width={width}
          height={HEIGHT}
          viewBox={`0 0 ${width} ${HEIGHT}`}
          role="img"
          aria-label={text.network.trafficLabel(
            text.network.rate(down.at(-1) ?? 0),
            text.network.rate(up.at(-1) ?? 0),
            text.network.rate(Math.max(0, ...down)),
            text.network.rate(Math.max(0, ...up)),
          )}
          onPointerMove={(event) => setPointer(event.clientX - event.currentTarget.getBoundingClientRect().left)}
          onPointerLeave={() => setPointer(null)}
        >
          {[AXIS - HALF, AXIS + HALF].map((y) => (
            <line key={y} x1={0} x2={width} y1={y} y2={y} className="plot-grid" />
          ))}
          {[1, 2, 3, 4].map((minutes) => {
            const left = width * (1 - minutes / 5)
            return <line key={minutes} x1={left} x2={left} y1={AXIS - HALF} y2={AXIS + HALF} className="plot-grid" />
          })}
          <path d={areaPath(up, most, width, AXIS, HALF, 1)} className="traffic-area" data-way="received" />
          <path d={areaPath(down, most, width, AXIS, HALF, -1)} className="traffic-area" data-way="sent" />
          <line x1={0} x2={width} y1={AXIS} y2={AXIS} className="plot-axis" />
          {second !== null && <line x1={x} x2={x} y1={AXIS - HALF} y2={AXIS + HALF} className="plot-pointer" />}
          <text x={0} y={AXIS - HALF - 5} className="plot-words">
            {text.network.received} · {text.network.scale(text.network.rate(most))}
          </text>
          <text x={0} y={HEIGHT - 3} className="plot-words">
            {text.network.sent}
          </text>
          <text x={width} y={AXIS - HALF - 5} className="plot-words" textAnchor="end">
            {second === null
              ? ''
              : text.network.atSecond(
                  clockSeconds(at - (seconds - second) * 1000, locale),
                  text.network.rate(down[second] ?? 0),
                  text.network.rate(up[second] ?? 0),
                )}
          </text>
          {[1, 2, 3, 4].map((minutes) => (
            <text key={minutes} x={width * (1 - minutes / 5)} y={HEIGHT - 3} className="plot-words" textAnchor="middle">
              {text.network.minutesAgo(minutes)}
            </text>
          ))}
          <text x={width} y={HEIGHT - 3} className="plot-words" textAnchor="end">
            {text.network.nowWord}
          </text>
        </svg>
      )}
    </div>
  )
}
