// Decides the frame of every dialog: title, lead, close button, scrolling body; focus stays inside and returns.
import { AlertDialog } from '@base-ui/react/alert-dialog'
import { Dialog as BaseDialog } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { CSSProperties, ReactNode } from 'react'
import { text } from '../text'
import { useKeepPage } from '../resting'
import { Button } from './button'

const widthStyle = (widthPx: number) => ({ '--dialog-width': `${widthPx}px` }) as CSSProperties

interface DialogProps {
  open: boolean
  onClose: () => void
  title: string
  lead?: string
  widthPx?: number
  children: ReactNode
}

export function Dialog({ open, onClose, title, lead, widthPx = 440, children }: DialogProps) {
  useKeepPage(open)
  return (
    <BaseDialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className="backdrop" />
        <BaseDialog.Popup className="dialog" style={widthStyle(widthPx)}>
          <div className="dialog-head">
            <div>
              <BaseDialog.Title className="dialog-title">{title}</BaseDialog.Title>
              {lead && <BaseDialog.Description className="dialog-lead">{lead}</BaseDialog.Description>}
            </div>
          </div>
          <div className="dialog-body">{children}</div>
          {/* Last, so that the dialog's own first control gets the focus. */}
          <BaseDialog.Close className="icon-button dialog-close" aria-label={text.action.close}>
            <X size={17} aria-hidden />
          </BaseDialog.Close>
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  )
}

interface ConfirmProps {
  open: boolean
  onClose: () => void
  onConfirm: () => void
  title: string
  confirm: string
  busy: boolean
  /** What is confirmed takes nothing away from anybody. */
  harmless?: boolean
  children: ReactNode
}

/** A question before something that cannot be undone; the safe answer has the focus. */
export function Confirm({ open, onClose, onConfirm, title, confirm, busy, harmless = false, children }: ConfirmProps) {
  useKeepPage(open)
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop" />
        <AlertDialog.Popup className="dialog" style={widthStyle(460)}>
          <div className="dialog-head">
            <AlertDialog.Title className="dialog-title">{title}</AlertDialog.Title>
          </div>
          <div className="dialog-body">
            <AlertDialog.Description render={<div />}>{children}</AlertDialog.Description>
            <div className="dialog-actions">
              <AlertDialog.Close className="button">{text.action.cancel}</AlertDialog.Close>
              <Button look={harmless ? 'primary' : 'danger'} disabled={busy} onClick={onConfirm}>
                {confirm}
              </Button>
            </div>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
