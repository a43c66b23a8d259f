// Decides how a view looks that has nothing to show yet, or that failed: a picture, a sentence, a way on.
import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'

interface EmptyProps {
  icon: LucideIcon
  title: string
  hint?: string
  tone?: 'calm' | 'bad'
  children?: ReactNode
}

export function Empty({ icon: Icon, title, hint, tone = 'calm', children }: EmptyProps) {
  return (
    <div className="empty">
      <div className="empty-picture" data-tone={tone}>
        <Icon size={26} strokeWidth={1.75} aria-hidden />
      </div>
      <h3>{title}</h3>
      {hint && <p>{hint}</p>}
      {children && <div className="empty-actions">{children}</div>}
    </div>
  )
}
