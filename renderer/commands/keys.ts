// Decides which key does what, outside of text fields: single letters and 'g' followed by a letter, like a mail client.

export type KeyAction =
  | 'next'
  | 'previous'
  | 'open'
  | 'reply'
  | 'compose'
  | 'escape'
  | 'shortcuts'
  | 'palette'
  | 'newest'
  | 'oldest'
  | 'page-up'
  | 'page-down'
  | 'react'
  | 'bookmark'
  | 'edit'
  | 'thread'
  | 'pick'
  | 'search'
  | 'date'
  | 'order'
  | 'go-everyone'
  | 'go-mine'
  | 'go-bookmarks'
  | 'go-circle'
  | 'go-network'
  | 'go-storage'
  | 'go-settings'

interface KeyPress {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
}

/** After 'g', the next key within this time chooses the place to go. */
export const GO_PENDING_MS = 1_500

const plain: Readonly<Record<string, KeyAction>> = {
  j: 'next',
  k: 'previous',
  ArrowDown: 'next',
  ArrowUp: 'previous',
  Enter: 'open',
  r: 'reply',
  n: 'compose',
  '+': 'react',
  b: 'bookmark',
  e: 'edit',
  t: 'thread',
  x: 'pick',
  '/': 'search',
  d: 'date',
  o: 'order',
  '.': 'newest',
  Home: 'newest',
  End: 'oldest',
  PageUp: 'page-up',
  PageDown: 'page-down',
  ' ': 'page-down',
  '?': 'shortcuts',
  Escape: 'escape',
}
const afterGo: Readonly<Record<string, KeyAction>> = {
  e: 'go-everyone',
  m: 'go-mine',
  b: 'go-bookmarks',
  c: 'go-circle',
  n: 'go-network',
  d: 'go-storage',
  s: 'go-settings',
}

/** What a key press means; `going`: a 'g' was pressed just before. Inside a text field only the palette answers. */
export function readKey(
  press: KeyPress,
  going: boolean,
  inText: boolean,
): { action: KeyAction | null; going: boolean } {
  const command = press.ctrlKey || press.metaKey
  if (command && !press.altKey && press.key.toLowerCase() === 'k') return { action: 'palette', going: false }
  if (command && !press.altKey && press.key.toLowerCase() === 'f') return { action: 'search', going: false }
  if (command || press.altKey || inText) return { action: null, going: false }
  if (going) return { action: afterGo[press.key] ?? null, going: false }
  if (press.key === 'g') return { action: null, going: true }
  return { action: plain[press.key] ?? null, going: false }
}
