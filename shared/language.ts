// Decides which language a setting asks for. The shell asks before the window loads, the window whenever the setting changes.
export type Language = 'en' | 'de'

/** 'system': the system's ('de-AT'), where there is a catalogue for it. */
export const languageFor = (setting: 'system' | Language, system: string): Language =>
  setting !== 'system' ? setting : system.toLowerCase().startsWith('de') ? 'de' : 'en'

/** Names the language in the address of the page, so that the window knows it before it has asked anybody. */
export const LANGUAGE_PARAMETER = 'language'
/** In the same address: the window was put away, and asks where it stood. */
export const RESUMED_PARAMETER = 'resumed'
