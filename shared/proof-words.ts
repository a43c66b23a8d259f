// What a proof says, step by step, in the languages of the window (rule N4): sentences of the backend, like those of errors.ts.
import { spoken } from './errors'

const en = {
  somebody: 'somebody unknown',
  encoding: (bytes: number) => `The entry is ${bytes} bytes in the one form that such an entry can have.`,
  id: 'Its id is the fingerprint (BLAKE2b-256) of exactly these bytes; any change would give another id.',
  signature: (name: string) =>
    `The signature was made with the key of ${name}’s device for this circle and this entry (Ed25519).`,
  byChain: (name: string, seq: number) =>
    `The signature that came with it does not hold. It is believed by the chain up to entry ${seq}: ${name}’s device signed that one, and it names, step by step, exactly these bytes.`,
  device: (name: string, version: number) =>
    `${name} certified this device with the member key that the 24 words restore; it has been on the list since version ${version}.`,
  noDevice: 'This device is not on the member list.',
  member: (name: string, founder: boolean) =>
    `${name} was a member when this was written${founder ? ' (and founded the circle)' : ''}.`,
  noMember: (name: string) => `${name} was not on the member list that the entry names.`,
  founding: (by: string) => `It was written under the circle’s founding record, signed by ${by}.`,
  version: (version: number, by: string, at: string | null) =>
    `It was written under version ${version} of the member list, agreed by ${by}${at === null ? '' : ` on ${at}`}.`,
  first: (name: string) => `It is the first entry of ${name}’s device.`,
  linked: (seq: number) => `It is number ${seq} of this device, and the chain back to number 1 is complete here.`,
  floating: (seq: number) => `It is number ${seq} of this device; older entries of it are still on their way.`,
  alone: (seq: number) => `It is number ${seq} of this device and names the fingerprint of number ${seq - 1}.`,
  time: (written: string, stored: string | null) =>
    `Written ${written} by the author’s clock${stored === null ? '' : `, stored here ${stored}`}.`,
  raw: {
    entry: 'Entry',
    id: 'Id',
    signature: 'Signature',
    message: 'Signed message',
    device: 'Device key',
    member: 'Member key',
    version: 'Version id',
    record: 'Certified record',
    backlink: 'Back link',
    written: 'Written (ms since 1970)',
    signatureOf: (seq: number) => `Signature of entry ${seq}`,
    entryOf: (seq: number) => `Entry ${seq}`,
  },
}

const de: typeof en = {
  somebody: 'Unbekannt',
  encoding: (bytes) => `Der Eintrag besteht aus ${bytes} Bytes in der einzigen Form, die er haben kann.`,
  id: 'Seine Kennung ist der Fingerabdruck (BLAKE2b-256) genau dieser Bytes; jede Änderung ergäbe eine andere.',
  signature: (name) =>
    `Die Unterschrift wurde mit dem Schlüssel des Geräts von ${name} für diesen Kreis und diesen Eintrag geleistet (Ed25519).`,
  byChain: (name, seq) =>
    `Die Unterschrift, die mit ihm kam, gilt nicht. Geglaubt wird er durch die Kette bis zu Eintrag ${seq}: Den hat das Gerät von ${name} unterschrieben, und er nennt Schritt für Schritt genau diese Bytes.`,
  device: (name, version) =>
    `${name} hat dieses Gerät mit dem Mitgliedsschlüssel beglaubigt, den die 24 Wörter wiederherstellen; es steht seit Fassung ${version} auf der Liste.`,
  noDevice: 'Dieses Gerät steht nicht auf der Mitgliederliste.',
  member: (name, founder) =>
    `${name} war Mitglied, als dies geschrieben wurde${founder ? ' (und hat den Kreis gegründet)' : ''}.`,
  noMember: (name) => `${name} stand nicht auf der Mitgliederliste, die der Eintrag nennt.`,
  founding: (by) => `Er wurde unter der Gründungsurkunde des Kreises geschrieben, unterschrieben von ${by}.`,
  version: (version, by, at) =>
    `Er wurde unter Fassung ${version} der Mitgliederliste geschrieben, vereinbart von ${by}${at === null ? '' : ` am ${at}`}.`,
  first: (name) => `Er ist der erste Eintrag des Geräts von ${name}.`,
  linked: (seq) => `Er ist Nummer ${seq} dieses Geräts, und die Kette bis zu Nummer 1 ist hier vollständig.`,
  floating: (seq) => `Er ist Nummer ${seq} dieses Geräts; ältere Einträge sind noch unterwegs.`,
  alone: (seq) => `Er ist Nummer ${seq} dieses Geräts und nennt den Fingerabdruck von Nummer ${seq - 1}.`,
  time: (written, stored) =>
    `Geschrieben ${written} nach der Uhr des Autors${stored === null ? '' : `, hier gespeichert ${stored}`}.`,
  raw: {
    entry: 'Eintrag',
    id: 'Kennung',
    signature: 'Unterschrift',
    message: 'Unterschriebene Nachricht',
    device: 'Geräteschlüssel',
    member: 'Mitgliedsschlüssel',
    version: 'Kennung der Fassung',
    record: 'Beglaubigte Urkunde',
    backlink: 'Rückverweis',
    written: 'Geschrieben (ms seit 1970)',
    signatureOf: (seq) => `Unterschrift von Eintrag ${seq}`,
    entryOf: (seq) => `Eintrag ${seq}`,
  },
}

/** In the language that this process speaks: a window's own, else English. */
export const proofWords = (): typeof en => (spoken() === 'de' ? de : en)
