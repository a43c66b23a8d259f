// Decides how a change of the member list is asked for: what it does and what it cannot undo is said before, and after it
// whether it is done or for whom it waits.
import { useState } from 'react'
import type { CircleView, DeviceView, MemberView } from '../../shared/types'
import { call } from '../backend'
import { anyOf } from '../language'
import { text } from '../text'
import { useAction } from '../ui/action'
import { Confirm } from '../ui/dialog'
import { Problem } from '../ui/field'
import { tell } from '../ui/toast'

export type ListAction =
  | { what: 'remove' | 'promote' | 'demote' | 'leave'; member: MemberView }
  | { what: 'remove-device'; member: MemberView; device: DeviceView }

interface Words {
  title: string
  sentences: readonly string[]
  confirm: string
  done: string
}

function wordsOf(action: ListAction, circle: CircleView): Words {
  const { name } = action.member
  const t = text.circle
  switch (action.what) {
    case 'remove':
      return {
        title: t.removeTitle(name),
        sentences: t.removeWhat,
        confirm: t.removeConfirm(name),
        done: t.removed(name),
      }
    case 'promote': {
      const admins = circle.members.filter((m) => !m.removed && m.role !== 'member').length
      return {
        title: t.promoteTitle(name),
        sentences: t.promoteWhat(admins),
        confirm: t.promoteConfirm(name),
        done: t.promoted(name),
      }
    }
    case 'demote':
      return { title: t.demoteTitle(name), sentences: t.demoteWhat, confirm: t.demoteConfirm, done: t.demoted(name) }
    case 'leave':
      return { title: t.leaveTitle(circle.name), sentences: t.leaveWhat, confirm: t.leaveConfirm, done: t.left }
    case 'remove-device':
      return {
        title: t.removeDeviceTitle(name),
        sentences: t.removeDeviceWhat,
        confirm: t.removeDeviceConfirm,
        done: t.deviceRemoved,
      }
  }
}

function carryOut(action: ListAction): Promise<{ waitingFor: string[] }> {
  switch (action.what) {
    case 'remove':
      return call('member.remove', { member: action.member.key })
    case 'promote':
      return call('member.role', { member: action.member.key, role: 'admin' })
    case 'demote':
      return call('member.role', { member: action.member.key, role: 'member' })
    case 'leave':
      return call('circle.leave', {})
    case 'remove-device':
      return call('device.remove', { device: action.device.key })
  }
}

export function ListActionDialog({
  action,
  circle,
  onClose,
}: {
  action: ListAction | null
  circle: CircleView
  onClose: () => void
}) {
  const { busy, problem, clear, run } = useAction()
  // The dialog keeps its words while it fades.
  const [last, setLast] = useState(action)
  if (action && action !== last) setLast(action)
  const words = last && wordsOf(last, circle)
  const close = () => {
    clear()
    onClose()
  }
  const confirm = async () => {
    if (!action || !words) return
    await run(async () => {
      const { waitingFor } = await carryOut(action)
      tell(waitingFor.length ? text.circle.waiting(anyOf(waitingFor)) : words.done)
      close()
    })
  }
  return (
    <Confirm
      open={action !== null}
      onClose={close}
      onConfirm={() => void confirm()}
      title={words?.title ?? ''}
      confirm={words?.confirm ?? ''}
      busy={busy}
      harmless={last?.what === 'promote'}
    >
      <ul className="removal">
        {words?.sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {problem && <Problem>{problem}</Problem>}
    </Confirm>
  )
}
