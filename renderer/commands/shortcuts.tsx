// Decides the sheet of keys, opened with '?'.
import { commandKey, text } from '../text'
import { Dialog } from '../ui/dialog'
import './commands.css'

type Keys = readonly (readonly string[])[]
const { rows } = text.shortcuts
/** Each line: what it does, then its keys; alternatives are separate lists, the keys of one list come one by one. */
const sheet: readonly { title: string; lines: readonly [string, Keys, ('then' | 'plus')?][] }[] = [
  {
    title: text.shortcuts.timeline,
    lines: [
      [rows.next, [['j'], ['↓']]],
      [rows.previous, [['k'], ['↑']]],
      [rows.open, [['Enter']]],
      [rows.reply, [['r']]],
      [rows.react, [['+']]],
      [rows.bookmark, [['b']]],
      [rows.edit, [['e']]],
      [rows.thread, [['t']]],
      [rows.pick, [['x']]],
      [rows.newest, [['.']]],
      [rows.ends, [['Home'], ['End']]],
      [rows.pages, [['PgUp'], ['PgDn'], ['Space']]],
      [rows.date, [['d']]],
      [rows.order, [['o']]],
    ],
  },
  {
    title: text.shortcuts.anywhere,
    lines: [
      [rows.compose, [['n']]],
      [rows.search, [['/']]],
      [rows.post, [[commandKey, 'Enter']], 'plus'],
      [rows.palette, [[commandKey, 'K']], 'plus'],
      [rows.escape, [['Esc']]],
      [rows.sheet, [['?']]],
    ],
  },
  {
    title: text.shortcuts.go,
    lines: [
      [text.nav.everyone, [['g', 'e']], 'then'],
      [text.nav.mine, [['g', 'm']], 'then'],
      [text.nav.bookmarks, [['g', 'b']], 'then'],
      [text.nav.circle, [['g', 'c']], 'then'],
      [text.nav.network, [['g', 'n']], 'then'],
      [text.nav.storage, [['g', 'd']], 'then'],
      [text.nav.settings, [['g', 's']], 'then'],
    ],
  },
]

export function Shortcuts({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog open={open} onClose={onClose} title={text.shortcuts.title} widthPx={680}>
      <div className="sheet">
        {sheet.map((part) => (
          <section key={part.title}>
            <h3>{part.title}</h3>
            <dl>
              {part.lines.map(([what, keys, joint]) => (
                <div key={what}>
                  <dt>{what}</dt>
                  <dd>
                    {keys.map((keysOfOne) => (
                      <span key={keysOfOne.join()}>
                        {keysOfOne.map((key, index) => (
                          <span key={key}>
                            {index > 0 && joint === 'then' && <i>{text.shortcuts.after}</i>}
                            <kbd className="kbd">{key}</kbd>
                          </span>
                        ))}
                      </span>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
