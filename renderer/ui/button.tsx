// Decides the looks of everything that is pressed: buttons, icon buttons with their tooltips, copy buttons.
import { Tooltip as BaseTooltip } from '@base-ui/react/tooltip'
import { Check, Copy } from 'lucide-react'
import { useEffect, useState, type ComponentProps, type ReactElement, type ReactNode } from 'react'
import { text } from '../text'

interface ButtonProps extends ComponentProps<'button'> {
  look?: 'primary' | 'danger' | 'quiet' | 'plain'
  size?: 'small' | 'medium' | 'large'
}

export function Button({ look = 'plain', size = 'medium', type = 'button', ...rest }: ButtonProps) {
  // the type is always one of the three, 'button' unless told
  return <button type={type} data-look={look} data-size={size} {...rest} className={`button ${rest.className ?? ''}`} />
}

interface TooltipProps {
  content: ReactNode
  children: ReactElement<Record<string, unknown>>
  side?: 'top' | 'bottom' | 'left' | 'right'
}

/** A hint for eyes; whatever it says must also be reachable without it. */
export function Tooltip({ content, children, side = 'top' }: TooltipProps) {
  return (
    <BaseTooltip.Root>
      <BaseTooltip.Trigger render={children} />
      <BaseTooltip.Portal>
        <BaseTooltip.Positioner
          side={side}
          sideOffset={6}
          collisionPadding={8}
          positionMethod="fixed"
          className="popup-place"
        >
          <BaseTooltip.Popup className="tooltip">{content}</BaseTooltip.Popup>
        </BaseTooltip.Positioner>
      </BaseTooltip.Portal>
    </BaseTooltip.Root>
  )
}

interface IconButtonProps extends ComponentProps<'button'> {
  label: string
  children: ReactNode
}

export function IconButton({ label, children, ...rest }: IconButtonProps) {
  return (
    <Tooltip content={label}>
      <button type="button" aria-label={label} {...rest} className={`icon-button ${rest.className ?? ''}`}>
        {children}
      </button>
    </Tooltip>
  )
}

const COPIED_SHOWN_MS = 1_800

export function CopyButton({
  value,
  label,
  size = 'small',
}: {
  value: string
  label: string
  size?: 'small' | 'medium'
}) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), COPIED_SHOWN_MS)
    return () => clearTimeout(timer)
  }, [copied])
  return (
    <Button size={size} onClick={() => void navigator.clipboard.writeText(value).then(() => setCopied(true))}>
      {copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
      {copied ? text.action.copied : label}
      <span className="unseen" role="status">
        {copied ? text.action.copied : ''}
      </span>
    </Button>
  )
}
