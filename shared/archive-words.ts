// The words of an exported page, in the languages that Twofold speaks. Dates are written as numbers, so that they need none.

const number = (language: string, value: number): string => new Intl.NumberFormat(language).format(value)
const stamp = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`

const en = {
  language: 'en',
  madeAt: (at: number) => `Exported ${stamp(at)}. All times are UTC.`,
  entries: (count: number) => (count === 1 ? '1 entry.' : `${number('en', count)} entries.`),
  edited: 'edited',
  retracted: 'Withdrawn by its author.',
  answers: (name: string) => `Answers ${name}:`,
  checkHint: 'This page proves nothing by itself; the signed archive does. Circle id:',
  newer: 'Newer',
  older: 'Older',
  contents: 'Pages',
}
const de: typeof en = {
  language: 'de',
  madeAt: (at) => `Exportiert ${stamp(at)}. Alle Zeiten in UTC.`,
  entries: (count) => (count === 1 ? '1 Eintrag.' : `${number('de', count)} Einträge.`),
  edited: 'geändert',
  retracted: 'Vom Autor zurückgenommen.',
  answers: (name) => `Antwort an ${name}:`,
  checkHint: 'Diese Seite beweist für sich nichts; das tut das unterschriebene Archiv. Kennung des Kreises:',
  newer: 'Neuere',
  older: 'Ältere',
  contents: 'Seiten',
}

/** English for any language that Twofold does not speak. */
export const htmlWords = (language: string): typeof en => (language === 'de' ? de : en)
