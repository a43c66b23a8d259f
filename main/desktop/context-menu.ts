// What a right click offers: spelling suggestions and the clipboard where text is edited, copy where text is selected or a
// link lies under the pointer. Nothing where there is nothing to do.
import { clipboard, Menu, type BrowserWindow, type ContextMenuParams, type MenuItemConstructorOptions } from 'electron'
import { externalAddress } from './addresses'

const SUGGESTIONS_MAX = 5

export function addContextMenu(window: BrowserWindow): void {
  const { webContents } = window
  webContents.on('context-menu', (_event, params) => {
    const groups = [spelling(window, params), link(params), clipboardItems(params)].filter((group) => group.length > 0)
    const template = groups.flatMap((group, i): MenuItemConstructorOptions[] =>
      i === 0 ? group : [{ type: 'separator' }, ...group],
    )
    if (template.length > 0) Menu.buildFromTemplate(template).popup({ window })
  })
}

function spelling({ webContents }: BrowserWindow, params: ContextMenuParams): MenuItemConstructorOptions[] {
  const word = params.misspelledWord
  if (!params.isEditable || word === '') return []
  const suggestions = params.dictionarySuggestions.slice(0, SUGGESTIONS_MAX)
  const items = suggestions.map((label): MenuItemConstructorOptions => ({
    label,
    click: () => webContents.replaceMisspelling(label),
  }))
  if (items.length === 0) items.push({ label: 'No Suggestions', enabled: false })
  const learn = () => webContents.session.addWordToSpellCheckerDictionary(word)
  return [...items, { label: 'Add to Dictionary', click: learn }]
}

function link(params: ContextMenuParams): MenuItemConstructorOptions[] {
  const address = /^twofold:/i.test(params.linkURL) ? params.linkURL : externalAddress(params.linkURL)
  return address === null ? [] : [{ label: 'Copy Link', click: () => void clipboard.writeText(address) }]
}

function clipboardItems({ isEditable, editFlags, selectionText }: ContextMenuParams): MenuItemConstructorOptions[] {
  if (isEditable) {
    return [
      { role: 'cut', enabled: editFlags.canCut },
      { role: 'copy', enabled: editFlags.canCopy },
      { role: 'paste', enabled: editFlags.canPaste },
      { role: 'selectAll', enabled: editFlags.canSelectAll },
    ]
  }
  return selectionText.trim() === '' ? [] : [{ role: 'copy' }]
}
