// What the Storage view says, in German: the same places as in text-storage.ts.
import { bytes, number, plural } from './language'
import type { storageText } from './text-storage'

const eintraege = (value: number) => plural(value, 'Eintrag', 'Einträge')
const unterschrieben = (value: number) => plural(value, 'unterschriebener Eintrag', 'unterschriebene Einträge')

export const storageGerman: typeof storageText = {
  title: 'Speicher',
  note: (database, free) =>
    free === null
      ? `Datenbank ${bytes(database)}`
      : `Datenbank ${bytes(database)} · ${bytes(free)} frei auf diesem Datenträger`,
  looking: 'Wird angesehen…',
  unknown: 'Über den Datenträger ist gerade nichts bekannt',
  unknownHint: 'Es wird von selbst noch einmal gefragt.',
  bytes,
  amount: number,
  space: 'Was Platz braucht',
  counting: 'Der Rest wird noch gezählt.',
  byMember: 'Platz je Mitglied',
  member: 'Mitglied',
  entries: 'Einträge',
  size: 'Unterschrieben',
  more: (count) => `${number(count)} weitere zeigen`,
  fewer: 'Weniger zeigen',
  part: {
    database: 'Datenbank',
    entries: 'Einträge',
    index: 'Suche',
    trees: 'Gezeichnete Texte',
    tables: 'Tabellen',
    unused: 'Unbenutzt',
    logs: 'Protokoll',
    aside: 'Beiseitegelegt',
  },
  job: {
    region: 'Läuft gerade',
    running: {
      check: 'Jeder gespeicherte Eintrag wird geprüft…',
      'check-mirror': 'Die zweite Kopie wird geprüft…',
      compact: 'Die Datenbank wird verdichtet…',
      export: 'Wird exportiert…',
      backup: 'Die Sicherung wird geschrieben…',
      import: 'Wird importiert…',
    },
    name: {
      check: 'Prüfung aller Einträge',
      'check-mirror': 'Prüfung der zweiten Kopie',
      compact: 'Verdichten',
      export: 'Export',
      backup: 'Sicherung',
      import: 'Import',
    },
    progress: (done, total) =>
      total === null ? number(done) : `${number(Math.min(done, total))} von ${number(total)}`,
    result(result) {
      switch (result.kind) {
        case 'check':
          return result.bad.length
            ? `${number(result.bad.length)} von ${number(result.checked)} Einträgen halten nicht.`
            : `Alle ${number(result.checked)} Einträge halten.`
        case 'check-mirror':
          return result.rewritten
            ? 'Ein Teil war beschädigt. Er wurde beiseitegelegt und neu geschrieben.'
            : `Geprüft und in Ordnung: ${unterschrieben(result.nodes)}.`
        case 'compact':
          return result.after < result.before
            ? `${bytes(result.before - result.after)} wurden frei.`
            : 'Es gab nichts freizugeben.'
        case 'export':
          return `${result.form === 'html' ? eintraege(result.count) : unterschrieben(result.count)}, ${bytes(result.bytes)}.`
        case 'backup':
          return `${unterschrieben(result.nodes)}, ${bytes(result.bytes)}. Ihre 24 Wörter öffnen sie; ohne sie kann es niemand.`
        case 'import': {
          const { stored, duplicates, torn, unreadable } = result.report
          return [
            `Neu: ${unterschrieben(stored)}; schon hier: ${number(duplicates)}.`,
            ...(unreadable ? [`${number(unreadable)} Teile der Datei waren nicht lesbar.`] : []),
            ...(torn ? ['Die Datei endet mittendrin.'] : []),
          ].join(' ')
        }
      }
    },
  },
  mirror: {
    title: 'Zweite Kopie Ihrer eigenen Zeitleisten',
    none: 'Ihre Einträge liegen nur auf diesem Datenträger, bis andere sie haben',
    noneHint:
      'Wählen Sie einen Ordner, am besten auf einem anderen Datenträger. Was Sie schreiben, wird gleich dorthin kopiert, einmal am Tag geprüft und zurückgeholt, wenn hier etwas von Ihnen fehlt. Ein Schlüssel liegt dort nicht.',
    state: (state, behind) =>
      ({
        off: 'Es gibt keine',
        comparing: 'Wird verglichen…',
        current: 'Auf dem neuesten Stand',
        behind: `Es fehlen ${eintraege(behind)}`,
        missing: 'Der Ordner ist nicht da. Ist der Datenträger angeschlossen? Es wird wieder versucht.',
        full: `Der Datenträger ist voll; es fehlen ${eintraege(behind)}. Es wird wieder versucht.`,
        unwritable: 'In den Ordner kann nicht geschrieben werden. Es wird wieder versucht.',
      })[state],
    amount: (nodes, size) => `${unterschrieben(nodes)}, ${bytes(size)}.`,
    unchecked: 'Noch nicht ganz geprüft.',
    checked: (when) => `Ganz geprüft am ${when}.`,
    broughtBack: (count) => `Von dort zurückgeholt, weil sie hier fehlten: ${unterschrieben(count)}.`,
    rewritten: (when, file) =>
      `Am ${when} wurde ein Schaden gefunden und neu geschrieben. Das Alte liegt als ${file} daneben.`,
    check: 'Jetzt prüfen',
    choose: 'Ordner wählen…',
    change: 'Anderer Ordner…',
    end: 'Keine mehr',
    endTitle: 'Keine zweite Kopie mehr führen?',
    endWhat: 'Was im Ordner liegt, bleibt dort; es wird nichts mehr hineingeschrieben.',
  },
  out: {
    title: 'Mitnehmen und hereinholen',
    backup: {
      title: 'Sicherung',
      hint: 'Alles in einer Datei, die Ihre 24 Wörter öffnen. Beim Wiederherstellen wird daraus ein neues Gerät von Ihnen, nie eine zweite Ausgabe von diesem.',
      button: 'Sichern…',
    },
    archive: {
      title: 'Unterschriebenes Archiv',
      hint: 'Jeder Eintrag, wie er unterschrieben wurde, mit Mitgliederliste und denen, die unterschrieben haben, dass sie ihn haben. Jeder kann es prüfen: twofold verify DATEI.',
      button: 'Exportieren…',
    },
    html: {
      title: 'Seite zum Lesen',
      hint: 'Lässt sich in jedem Browser ohne Twofold öffnen und durchsuchen. Aus langen Zeitleisten werden mehrere Seiten.',
      button: 'Exportieren…',
    },
    json: {
      title: 'JSON-Zeilen',
      hint: 'Ein Eintrag je Zeile mit seiner Unterschrift, für Programme.',
      button: 'Exportieren…',
    },
    import: {
      title: 'Import',
      hint: 'Aus einem Archiv, JSON-Zeilen, einer zweiten Kopie oder einer Sicherung dieses Kreises. Jeder Eintrag wird geprüft, als käme er von einem Fremden.',
      button: 'Importieren…',
    },
  },
  care: {
    title: 'Pflege',
    check: 'Jeden gespeicherten Eintrag prüfen',
    checkHint:
      'Form, Inhalt, Unterschrift, Mitgliedschaft und Kette, noch einmal. Alles andere läuft dabei weiter. Einmal im Monat geschieht es von selbst, nach und nach.',
    checkedAll: (when, checked) => `Vollständig geprüft am ${when}: alle ${number(checked)} Einträge halten.`,
    checkedBad: (when, bad, checked) =>
      `Vollständig geprüft am ${when}: ${number(bad)} von ${number(checked)} Einträgen halten nicht. Beim nächsten Start wird die Datenbank zurückgelesen, und der Kreis bringt, was fehlt.`,
    checking: (done) => `Wird gerade von selbst geprüft: ${number(done)} bisher.`,
    checkRun: 'Jetzt prüfen',
    compact: 'Datenbank verdichten',
    compactHint: (unused) =>
      `${unused === null || unused === 0 ? 'Räumt das Verzeichnis der Suche auf.' : `Gibt ${bytes(unused)} frei.`} Am Ende steht Twofold einige Sekunden still.`,
    compactRun: 'Verdichten',
    folder: 'Datenordner',
    show: 'Im Ordner zeigen',
  },
  aside: {
    title: 'Beiseitegelegt',
    what: 'Dateien, die beschädigt waren oder zu einem Gerät gehörten, das aufgehört hat. Was davon lesbar war, ist in der Datenbank.',
    about: (size, when) => `${bytes(size)}, beiseitegelegt am ${when}`,
    remove: (file) => `${file} löschen`,
    removeTitle: 'Diese Datei endgültig löschen?',
    removeConfirm: 'Löschen',
    removeWhat: 'Was daraus gelesen wurde, bleibt in der Datenbank. Was nicht lesbar war, ist mit ihr verloren.',
  },
}
