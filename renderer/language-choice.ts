// Decides which language a setting asks for. Apart from language.ts, which is fixed once it is loaded.
export type Language = 'en' | 'de'

/** The language that a setting asks for; 'system': the system's, where there is a catalogue for it. */
export const languageFor = (setting: 'system' | Language, system: string): Language =>
  setting !== 'system' ? setting : system.toLowerCase().startsWith('de') ? 'de' : 'en'
