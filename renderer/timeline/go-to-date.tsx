// Decides how one goes to a date by typing it.
import { useState } from 'react'
import { text } from '../text'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'

const pad = (value: number) => String(value).padStart(2, '0')
const dayText = (ms: number) => {
  const date = new Date(ms)
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`
}

interface GoToDateProps {
  open: boolean
  onClose: () => void
  /** The last moment of the chosen day, so that its newest entry comes first. */
  onDate: (time: number) => void
}

export function GoToDate({ open, onClose, onDate }: GoToDateProps) {
  const [today] = useState(() => dayText(Date.now()))
  const [day, setDay] = useState(today)
  const time = new Date(`${day}T23:59:59.999`).getTime()
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={text.timeline.goToDate}
      lead={text.timeline.goToDateLead}
      widthPx={360}
    >
      <form
        className="go-to-date"
        onSubmit={(event) => {
          event.preventDefault()
          if (Number.isNaN(time)) return
          onClose()
          onDate(time)
        }}
      >
        <input
          className="input"
          type="date"
          aria-label={text.timeline.date}
          max={today}
          value={day}
          required
          onChange={(event) => setDay(event.target.value)}
        />
        <div className="dialog-actions">
          <Button type="submit" look="primary" disabled={Number.isNaN(time)}>
            {text.timeline.go}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
