// Decides the bar above every view: its name, one line about it, its actions, and the way to the navigation and palette.
import { ArrowLeft, Command, Menu as MenuIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { commandKey, text } from '../text'
import { IconButton } from './button'
import { useShell } from './shell-context'

interface PageHeadProps {
  title: string
  note?: string
  openNavigation: () => void
  /** To where the view was opened from. */
  onBack?: () => void
  children?: ReactNode
}

export function PageHead({ title, note, openNavigation, onBack, children }: PageHeadProps) {
  const shell = useShell()
  return (
    <header className="page-head">
      <IconButton label={text.nav.open} className="page-head-menu" onClick={openNavigation}>
        <MenuIcon size={18} aria-hidden />
      </IconButton>
      {onBack && (
        <IconButton label={text.action.back} className="page-head-back" onClick={onBack}>
          <ArrowLeft size={18} aria-hidden />
        </IconButton>
      )}
      <div className="page-head-text">
        <h1 className="ellipsis">{title}</h1>
        {note && <p className="ellipsis">{note}</p>}
      </div>
      {children}
      <button
        type="button"
        className="palette-button"
        aria-label={`${text.palette.open} ${commandKey} K`}
        onClick={shell.palette}
      >
        <Command size={15} aria-hidden />
        <kbd className="kbd" aria-hidden>
          {commandKey} K
        </kbd>
      </button>
    </header>
  )
}
