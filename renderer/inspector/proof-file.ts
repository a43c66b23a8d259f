// Decides how a proof file gets out of the window: as a download, with a word about how it is checked.
import type { DeviceKey, NodeId } from '../../shared/types'
import { call } from '../backend'
import { text } from '../text'
import { tell } from '../ui/toast'

/** `holders`: with the signatures of those who hold the entry (rule C3). Rejects with the backend's refusal. */
export async function saveProof(id: NodeId, holders: boolean): Promise<void> {
  save(await call('entry.proof', { id, holders }))
}

/** The two entries that a device signed for one place (rule N6). Rejects with the backend's refusal. */
export async function saveForkProof(device: DeviceKey): Promise<void> {
  save(await call('device.forkProof', { device }))
}

function save({ fileName, content }: { fileName: string; content: string }): void {
  const url = URL.createObjectURL(new Blob([content], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = url
  link.download = fileName
  link.click()
  // The download has read the blob by the next turn of the loop; a minute is on the safe side.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
  tell(text.inspector.saved(fileName))
}
