// Decides what can be done by typing: every view, every member, every action, in one list.
import { Dialog } from '@base-ui/react/dialog'
import {
  ArrowUpToLine,
  Bookmark,
  CalendarDays,
  CircleUserRound,
  Contrast,
  Feather,
  Keyboard,
  Layers,
  MonitorSmartphone,
  Moon,
  HardDrive,
  Network,
  RefreshCw,
  Rows2,
  Rows3,
  Search,
  Settings,
  Sun,
  UserPlus,
  Users,
} from 'lucide-react'
import { useId, useMemo, useState, type KeyboardEvent, type ReactNode } from 'react'
import { call } from '../backend'
import { changeSettings } from '../settings/settings'
import { useApp } from '../state'
import { text } from '../text'
import { Avatar } from '../ui/avatar'
import { useShell } from '../ui/shell-context'
import { tellError } from '../ui/toast'
import './commands.css'

interface Command {
  id: string
  group: keyof typeof text.palette.group
  label: string
  icon: ReactNode
  keys?: string
  run: () => void
}

/** More than this is not read; the person types on. */
const SHOWN_MAX = 60

export function Palette({ open, onClose, onNewest }: { open: boolean; onClose: () => void; onNewest: () => void }) {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog palette" data-place="top">
          <Dialog.Title className="unseen">{text.palette.title}</Dialog.Title>
          <Commands onClose={onClose} onNewest={onNewest} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function useCommands(onNewest: () => void): Command[] {
  const { circle, phase } = useApp()
  const shell = useShell()
  return useMemo(() => {
    const icon = { size: 16, 'aria-hidden': true } as const
    const writable = phase.phase === 'circle'
    const go: Command[] = [
      {
        id: 'everyone',
        group: 'go',
        label: text.nav.everyone,
        icon: <Layers {...icon} />,
        keys: 'g e',
        run: () => shell.go({ name: 'timeline', scope: { type: 'everyone' } }),
      },
      {
        id: 'mine',
        group: 'go',
        label: text.nav.mine,
        icon: <CircleUserRound {...icon} />,
        keys: 'g m',
        run: () => shell.go({ name: 'timeline', scope: { type: 'mine' } }),
      },
      {
        id: 'circle',
        group: 'go',
        label: text.nav.circle,
        icon: <Users {...icon} />,
        keys: 'g c',
        run: () => shell.go({ name: 'circle' }),
      },
      {
        id: 'network',
        group: 'go',
        label: text.nav.network,
        icon: <Network {...icon} />,
        keys: 'g n',
        run: () => shell.go({ name: 'network' }),
      },
      {
        id: 'storage',
        group: 'go',
        label: text.nav.storage,
        icon: <HardDrive {...icon} />,
        keys: 'g d',
        run: () => shell.go({ name: 'storage' }),
      },
      {
        id: 'settings',
        group: 'go',
        label: text.nav.settings,
        icon: <Settings {...icon} />,
        keys: 'g s',
        run: () => shell.go({ name: 'settings' }),
      },
    ]
    const members: Command[] = (circle?.members ?? [])
      .filter((member) => !member.me && !member.removed)
      .map((member) => ({
        id: member.key,
        group: 'member',
        label: member.name,
        icon: <Avatar memberKey={member.key} name={member.name} sizePx={20} />,
        run: () => shell.go({ name: 'timeline', scope: { type: 'member', member: member.key } }),
      }))
    go.splice(2, 0, {
      id: 'bookmarks',
      group: 'go',
      label: text.nav.bookmarks,
      icon: <Bookmark {...icon} />,
      keys: 'g b',
      run: () => shell.go({ name: 'timeline', scope: { type: 'bookmarks' } }),
    })
    const doing: Command[] = [
      {
        id: 'search',
        group: 'do',
        label: text.palette.search,
        icon: <Search {...icon} />,
        keys: '/',
        run: shell.search,
      },
      {
        id: 'date',
        group: 'do',
        label: text.palette.date,
        icon: <CalendarDays {...icon} />,
        keys: 'd',
        run: shell.goToDate,
      },
      {
        id: 'newest',
        group: 'do',
        label: text.palette.newest,
        icon: <ArrowUpToLine {...icon} />,
        keys: '.',
        run: onNewest,
      },
      {
        id: 'refresh',
        group: 'do',
        label: text.palette.refresh,
        icon: <RefreshCw {...icon} />,
        run: () => void call('network.refresh', {}).catch(tellError),
      },
      {
        id: 'shortcuts',
        group: 'do',
        label: text.palette.shortcuts,
        icon: <Keyboard {...icon} />,
        keys: '?',
        run: shell.shortcuts,
      },
      {
        id: 'light',
        group: 'do',
        label: text.palette.light,
        icon: <Sun {...icon} />,
        run: () => changeSettings({ theme: 'light' }),
      },
      {
        id: 'dark',
        group: 'do',
        label: text.palette.dark,
        icon: <Moon {...icon} />,
        run: () => changeSettings({ theme: 'dark' }),
      },
      {
        id: 'system',
        group: 'do',
        label: text.palette.system,
        icon: <Contrast {...icon} />,
        run: () => changeSettings({ theme: 'system' }),
      },
      {
        id: 'comfortable',
        group: 'do',
        label: text.palette.comfortable,
        icon: <Rows2 {...icon} />,
        run: () => changeSettings({ density: 'comfortable' }),
      },
      {
        id: 'compact',
        group: 'do',
        label: text.palette.compact,
        icon: <Rows3 {...icon} />,
        run: () => changeSettings({ density: 'compact' }),
      },
    ]
    if (circle?.admin && writable)
      doing.unshift({
        id: 'invite',
        group: 'do',
        label: text.palette.invite,
        icon: <UserPlus {...icon} />,
        run: shell.invite,
      })
    if (writable && circle?.standing === 'member' && !circle.copied)
      doing.unshift({
        id: 'device',
        group: 'do',
        label: text.palette.addDevice,
        icon: <MonitorSmartphone {...icon} />,
        run: shell.addDevice,
      })
    if (writable)
      doing.unshift({
        id: 'compose',
        group: 'do',
        label: text.palette.compose,
        icon: <Feather {...icon} />,
        keys: 'n',
        run: () => shell.compose(null),
      })
    return [...go, ...doing, ...members]
  }, [circle, phase, shell, onNewest])
}

function Commands({ onClose, onNewest }: { onClose: () => void; onNewest: () => void }) {
  const id = useId()
  const commands = useCommands(onNewest)
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const words = typed.trim().toLocaleLowerCase().split(/\s+/u)
  const found = commands
    .filter(({ label }) => words.every((word) => label.toLocaleLowerCase().includes(word)))
    .slice(0, SHOWN_MAX)
  const chosen = Math.min(at, found.length - 1)
  const run = (command: Command | undefined) => {
    if (!command) return
    onClose()
    command.run()
  }
  const press = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (by !== 0 && found.length > 0) {
      event.preventDefault()
      const next = (chosen + by + found.length) % found.length
      setAt(next)
      document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: 'nearest' })
    } else if (event.key === 'Enter') {
      event.preventDefault()
      run(found[chosen])
    }
  }
  return (
    <>
      <div className="palette-field">
        <Search size={18} aria-hidden />
        <input
          role="combobox"
          aria-label={text.palette.title}
          aria-expanded
          aria-controls={`${id}-list`}
          aria-activedescendant={found.length > 0 ? `${id}-${chosen}` : undefined}
          aria-autocomplete="list"
          autoComplete="off"
          placeholder={text.palette.placeholder}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value)
            setAt(0)
          }}
          onKeyDown={press}
        />
      </div>
      <div className="palette-list scrolls" id={`${id}-list`} role="listbox" aria-label={text.palette.title}>
        {found.map((command, index) => (
          <div key={command.id} role="presentation">
            {found[index - 1]?.group !== command.group && (
              <p className="palette-group">{text.palette.group[command.group]}</p>
            )}
            <div
              id={`${id}-${index}`}
              className="menu-item"
              role="option"
              aria-selected={index === chosen}
              tabIndex={-1}
              onPointerMove={() => setAt(index)}
              onClick={() => run(command)}
              onKeyDown={press}
            >
              {command.icon}
              <span className="ellipsis palette-label">{command.label}</span>
              {command.keys?.split(' ').map((key) => (
                <kbd key={key} className="kbd" aria-hidden>
                  {key}
                </kbd>
              ))}
            </div>
          </div>
        ))}
        {found.length === 0 && <p className="palette-none">{text.palette.none}</p>}
      </div>
      <span className="unseen" role="status">
        {text.palette.results(found.length)}
      </span>
    </>
  )
}
