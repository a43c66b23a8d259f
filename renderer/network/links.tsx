// Decides how the links are listed: with whom, over which way, how fast, how much and since when.
import { Unplug } from 'lucide-react'
import type { LinkView } from '../../shared/types'
import { locale, text } from '../text'
import { byteSize, relativeTime } from '../ui/time'

export function Links({ links, now }: { links: readonly LinkView[]; now: number }) {
  return (
    <section aria-label={text.network.links}>
      <h2 className="group-title">{text.network.links}</h2>
      {links.length === 0 ? (
        <div className="panel line">
          <Unplug size={18} aria-hidden className="dim" />
          <div className="line-text">
            <p className="line-title">{text.network.noLinks}</p>
            <p className="line-hint">{text.network.noLinksHint}</p>
          </div>
        </div>
      ) : (
        <div className="panel table-frame scrolls" tabIndex={0} role="region" aria-label={text.network.links}>
          <table className="links">
            <thead>
              <tr>
                <th scope="col">{text.network.member}</th>
                <th scope="col">{text.network.path}</th>
                <th scope="col" className="figure">
                  {text.network.rtt}
                </th>
                <th scope="col" className="figure">
                  {text.network.received}
                </th>
                <th scope="col" className="figure">
                  {text.network.sent}
                </th>
                <th scope="col" className="figure">
                  {text.network.since}
                </th>
              </tr>
            </thead>
            <tbody>
              {links.map((link) => (
                <tr key={`${link.device} ${link.address}`} data-testid="link">
                  <th scope="row">
                    {link.memberName}
                    <span className="link-address">{link.address}</span>
                  </th>
                  <td>
                    <span className="tag" data-tone={link.path === 'internet' ? 'accent' : 'good'}>
                      {text.network.pathName[link.path]}
                    </span>
                  </td>
                  <td className="figure">
                    {link.srttMs === null ? text.network.unmeasured : text.network.rttValue(link.srttMs)}
                  </td>
                  <td className="figure">{byteSize(link.bytesIn, locale)}</td>
                  <td className="figure">{byteSize(link.bytesOut, locale)}</td>
                  <td className="figure">{relativeTime(link.sinceMs, now, locale)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
