// Decides how it is shown what takes space: one bar for the whole, and each member with entries and bytes.
import { useState } from 'react'
import type { StorageView } from '../../shared/storage-types'
import { text } from '../text'
import { Avatar } from '../ui/avatar'
import { Button } from '../ui/button'

/** Members shown before the others are asked for. */
const FIRST = 6

interface Part {
  name: keyof typeof text.storage.part
  bytes: number
}

function partsOf({ database, logs, aside, use }: StorageView): Part[] {
  const set = aside.reduce((sum, file) => sum + file.bytes, 0)
  const rest: Part[] = [
    { name: 'logs', bytes: logs },
    { name: 'aside', bytes: set },
  ]
  if (!use) return [{ name: 'database', bytes: database }, ...rest]
  const entries = use.members.reduce((sum, { bytes }) => sum + bytes, 0)
  const known = use.index + use.trees + use.unused + entries
  return [
    { name: 'entries', bytes: entries },
    { name: 'index', bytes: use.index },
    { name: 'trees', bytes: use.trees },
    // Rows are more than what is signed: places, times, tables to find them by.
    { name: 'tables', bytes: Math.max(0, database - known) },
    { name: 'unused', bytes: use.unused },
    ...rest,
  ]
}

export function Space({ view }: { view: StorageView }) {
  const [all, setAll] = useState(false)
  const parts = partsOf(view).filter(({ bytes }) => bytes > 0)
  const sum = parts.reduce((total, { bytes }) => total + bytes, 0)
  const members = view.use?.members ?? []
  const largest = Math.max(1, ...members.map(({ bytes }) => bytes))
  return (
    <section aria-label={text.storage.space}>
      <h2 className="group-title">{text.storage.space}</h2>
      <div className="panel space">
        <div className="space-bar" aria-hidden>
          {parts.map(({ name, bytes }) => (
            <span key={name} data-part={name} style={{ flexGrow: bytes / Math.max(1, sum) }} />
          ))}
        </div>
        <dl className="space-parts">
          {parts.map(({ name, bytes }) => (
            <div key={name}>
              <dt>
                <span className="space-dot" data-part={name} aria-hidden />
                {text.storage.part[name]}
              </dt>
              <dd>{text.storage.bytes(bytes)}</dd>
            </div>
          ))}
        </dl>
        {!view.use && <p className="line-hint space-note">{text.storage.counting}</p>}
      </div>
      {members.length > 0 && (
        <div className="panel table-frame space-members">
          <table>
            <caption className="unseen">{text.storage.byMember}</caption>
            <thead>
              <tr>
                <th scope="col">{text.storage.member}</th>
                <th scope="col">{text.storage.entries}</th>
                <th scope="col">{text.storage.size}</th>
              </tr>
            </thead>
            <tbody>
              {(all ? members : members.slice(0, FIRST)).map(({ member, name, entries, bytes }) => (
                <tr key={member}>
                  <th scope="row">
                    <Avatar memberKey={member} name={name} sizePx={22} />
                    <span className="ellipsis">{name}</span>
                  </th>
                  <td>{text.storage.amount(entries)}</td>
                  <td>
                    <span className="space-share" aria-hidden>
                      <span style={{ width: `${(bytes / largest) * 100}%` }} />
                    </span>
                    <span className="space-bytes">{text.storage.bytes(bytes)}</span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {members.length > FIRST && (
            <Button size="small" look="quiet" className="space-more" onClick={() => setAll(!all)}>
              {all ? text.storage.fewer : text.storage.more(members.length - FIRST)}
            </Button>
          )}
        </div>
      )}
    </section>
  )
}
