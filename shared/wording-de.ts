// The table of shared/errors.ts in German: the same codes, the same placeholders.
import type { ErrorCode } from './errors'

export const wordingDe: Readonly<Record<ErrorCode, string>> = {
  NODE_ENCODING: 'Der Eintrag hat nicht die vorgeschriebene Form.',
  NODE_TOO_LARGE: 'Der Eintrag ist größer als 64 KiB.',
  NODE_VERSION: 'Der Eintrag stammt von einer Twofold-Version, die diese hier nicht prüfen kann.',
  CIRCLE_MISMATCH: 'Der Eintrag gehört zu einem anderen Kreis.',
  EPOCH_UNKNOWN: 'Der Eintrag nennt eine Mitgliederliste, die hier noch nicht bekannt ist.',
  DEVICE_NOT_IN_EPOCH: 'Das Gerät des Eintrags stand nicht auf der Mitgliederliste, die er nennt.',
  DEVICE_REMOVED: 'Der Eintrag wurde geschrieben, nachdem sein Gerät entfernt worden war.',
  DEVICE_FROZEN:
    'Das Gerät hat zwei verschiedene Einträge für eine Stelle unterschrieben; ab dort wird nichts angenommen, bis ein Verwalter entschieden hat.',
  SIGNATURE_INVALID: 'Die Unterschrift des Eintrags passt nicht zu seinem Inhalt.',
  NODE_CHANGED:
    'Der Eintrag ist nicht, was unterschrieben wurde: Dieser Datenträger hat ihn verändert. Starten Sie Twofold neu; es holt ihn zurück.',
  BACKLINK_MISMATCH: 'Der Eintrag setzt die Zeitleiste seines Autors nicht fort.',
  TIMESTAMP_NOT_LATER: 'Der Eintrag gibt an, älter zu sein als der vor ihm.',
  TIMESTAMP_AHEAD: 'Der Eintrag liegt mehr als fünf Minuten vor dieser Uhr; er wird bis dahin zurückgehalten.',
  EQUIVOCATION:
    'Ein Gerät von {name} hat zwei verschiedene Einträge für eine Stelle unterschrieben. Dort ist für das Gerät Schluss; ein Verwalter entscheidet, was aus ihm wird.',
  SIGNATURE_BY_CHAIN:
    '{count} Einträge von {name} kamen mit Unterschriften, die nicht gelten. Spätere Einträge desselben Geräts beweisen sie; die Einzelheiten sagen wie.',
  CHECKPOINT_INVALID: 'Was ein Gerät als von einem anderen unterschrieben weitergab, war es nicht.',
  FRAME_MALFORMED: 'Ein Gerät hat etwas gesendet, das keine Twofold-Nachricht ist; die Verbindung wurde geschlossen.',
  FRAME_OVERSIZED: 'Ein Gerät hat eine Nachricht von mehr als 1 MiB gesendet; die Verbindung wurde geschlossen.',
  BUDGET_EXCEEDED: 'Ein Gerät hat mehr gesendet oder verlangt, als ihm zusteht; was zu viel war, wurde nicht beachtet.',
  READS_NOTHING: 'Ein Gerät hat nicht abgenommen, was ihm gesendet wurde; die Verbindung wurde geschlossen.',
  PEER_KEPT_OUT:
    'Ein Gerät hat die Regeln zu oft gebrochen und bleibt eine Weile ausgesperrt. Netzwerk → Ausgesperrt sagt, welches.',
  PEER_NOT_KEPT_OUT: 'Dieses Gerät ist nicht ausgesperrt.',
  SEGMENT_INVALID:
    'Ein Gerät hat einen Eintrag mit falschem Abschnitt übergeben; der Eintrag wurde behalten, der Abschnitt nicht beachtet.',
  PROTOCOL_VERSION: 'Ein Gerät spricht eine Version des Protokolls, die diese hier nicht kennt.',
  CIRCLE_OTHER: 'Ein Gerät gehört zu einem anderen Kreis.',
  EPOCH_MALFORMED: 'Eine Änderung der Mitgliederliste hat nicht die vorgeschriebene Form.',
  EPOCH_NOT_NEXT: 'Eine Änderung der Mitgliederliste folgt nicht auf die hier bekannte.',
  EPOCH_FORGED:
    'Eine Änderung der Mitgliederliste trägt eine falsche Unterschrift oder die eines Schlüssels, der nie im Kreis war.',
  EPOCH_MINORITY: 'Eine Änderung der Mitgliederliste trägt die Stimmen von weniger als einer Mehrheit der Verwalter.',
  EPOCH_SIGNER_REMOVED: 'Eine Änderung der Mitgliederliste ist von jemandem unterschrieben, der entfernt worden war.',
  EPOCH_SIGNER_NO_ADMIN:
    'Eine Änderung der Mitgliederliste ist von einem Mitglied unterschrieben, das nicht Verwalter ist, oder von einem Gerät ohne Stimme.',
  EPOCH_REPLAYED: 'Eine Änderung der Mitgliederliste gilt einer Fassung, über die längst anders entschieden ist.',
  DEVICE_COMES_BACK:
    'Eine Änderung würde ein Gerät wieder auf die Mitgliederliste setzen, das schon einmal darauf stand.',
  STRANGER_REFUSED: 'Jemand, der nicht im Kreis ist, wollte sich verbinden und bekam keine Antwort.',
  EPOCH_UNCERTIFIED: 'Einer Änderung der Mitgliederliste fehlen die Unterschriften einer Mehrheit der Verwalter.',
  EPOCH_CHANGE_INVALID: 'Eine Änderung passt nicht zur Mitgliederliste.',
  CERTIFICATE_INVALID: 'Das Zertifikat eines Geräts ist nicht von seinem Mitglied unterschrieben.',
  GENESIS_INVALID: 'Die Gründungsurkunde des Kreises ist beschädigt oder nicht von seinem Gründer unterschrieben.',
  NOT_ADMIN: 'Das kann nur ein Verwalter des Kreises.',
  ADMINS_NEEDED:
    'Diese Änderung wartet auf die Zustimmung von {waitingFor}. Sie geht von selbst weiter, sobald jemand davon online ist.',
  NOTICE_MALFORMED:
    'Ein Gerät hat eine Mitteilung zur Mitgliederliste weitergegeben, die nicht die vorgeschriebene Form hat oder nicht unterschrieben ist.',
  AGREEMENT_DAMAGED:
    'Die Datei agreement.json ist beschädigt. Dieses Gerät stimmt über die Mitgliederliste nicht mehr ab; entfernen Sie es von der Liste, und treten Sie als neues Gerät wieder bei.',
  PROVISIONAL:
    'Lesen können Sie schon. {waitingFor} muss noch bestätigen, dass Sie dabei sind; was Sie schreiben, bleibt hier und geht dann hinaus.',
  PROVISIONAL_ENDED: 'Sie wurden nicht eingelassen: {why} Was Sie geschrieben haben, ist noch hier.',
  LAST_DEVICE: 'Das ist das einzige Gerät von {name}. Entfernen Sie stattdessen das Mitglied.',
  FOUNDER_STAYS:
    'Der Gründer kann nicht gehen: Dem Kreis fehlte sein erster Verwalter. Machen Sie jemand anderen zum Verwalter, und schließen Sie Twofold.',
  MEMBER_UNKNOWN: 'Ein solches Mitglied gibt es in diesem Kreis nicht.',
  DEVICE_UNKNOWN: 'Ein solches Gerät steht nicht auf der Liste.',
  MEMBER_IS_FOUNDER: 'Der Gründer kann nicht entfernt werden.',
  REMOVED_FROM_CIRCLE:
    'Dieses Gerät wurde aus dem Kreis entfernt. Was es hat, bleibt lesbar; schreiben kann es nicht mehr.',
  DEVICE_COPIED:
    'Mit dem Schlüssel dieses Geräts wurde anderswo geschrieben: Sein Ordner wurde kopiert oder eine alte Sicherung zurückgespielt. Damit es eine Zeitleiste bleibt, schreibt dieses hier nicht mehr. Es kann ein neues Gerät von Ihnen werden; die Einträge kommen vom Kreis zurück.',
  DEVICE_NOT_COPIED: 'Dieses Gerät ist das einzige mit seinem Schlüssel; ein neuer ist nicht nötig.',
  RECOVERY_NOT_POSSIBLE:
    'Nur der einzige Verwalter eines Kreises, eingelassen mit einem neuen Gerät, kann es an die Stelle seiner verlorenen setzen.',
  FORK_UNKNOWN:
    'Es ist kein Beweis bekannt, dass dieses Gerät zwei verschiedene Einträge für eine Stelle unterschrieben hat.',
  RESTORING: 'Dieses Gerät wurde wiederhergestellt und holt noch Ihre Zeitleisten; danach kann geschrieben werden.',
  LINK_INVALID: 'Das ist kein Einladungslink von Twofold. Kopieren Sie den ganzen Link, von twofold:// bis zum Ende.',
  LINK_DAMAGED:
    'Dieser Einladungslink ist beschädigt: Ein Teil fehlt oder wurde verändert. Kopieren Sie ihn noch einmal ganz.',
  INVITE_WORDS_INVALID: 'Das sind nicht die 12 Wörter einer Einladung. {detail}',
  INVITE_EXPIRED: 'Diese Einladung ist am {when} abgelaufen. Bitten Sie um eine neue.',
  INVITE_USED_UP: 'Diese Einladung wurde so oft benutzt, wie sie erlaubt. Bitten Sie um eine neue.',
  INVITE_REVOKED: 'Diese Einladung wurde zurückgezogen. Bitten Sie um eine neue.',
  INVITE_OTHER_CIRCLE: 'Diese Einladung gehört zu einem anderen Kreis als die hier wiederhergestellten Einträge.',
  INVITE_UNKNOWN: 'Niemand im Kreis kennt diese Einladung. Bitten Sie um eine neue.',
  INVITER_UNREACHABLE: 'Es wurde noch niemand gefunden, der Sie einlassen kann: {detail}',
  APPROVAL_PENDING:
    'Die Anfrage wartet auf die Zustimmung von {by}. Sie läuft von selbst weiter, solange ein Fenster oder `twofold peer` auf diesem Ordner läuft.',
  JOIN_REFUSED: 'Ein Verwalter hat diese Anfrage abgelehnt.',
  JOIN_PROOF_INVALID: 'Die Beitrittsanfrage ist nicht richtig unterschrieben.',
  REQUEST_UNKNOWN: 'Diese Anfrage gibt es nicht mehr.',
  WORD_UNKNOWN: 'Wort {position} („{word}“) steht nicht auf der Liste. {suggestion}',
  WORDS_COUNT: 'Zum Wiederherstellen braucht es 24 Wörter; angegeben sind {count}.',
  WORDS_CHECKSUM:
    'Jedes Wort steht auf der Liste, aber zusammen passen sie nicht. Prüfen Sie die Reihenfolge und jedes Wort noch einmal.',
  WORDS_MISMATCH: 'Wort {position} ist nicht das gezeigte.',
  NAME_INVALID: 'Ein Name hat 1 bis 64 Zeichen und keine Zeilenumbrüche.',
  IDENTITY_EXISTS: 'In diesem Ordner gibt es schon eine Identität.',
  IDENTITY_MISSING: 'In diesem Ordner gibt es noch keine Identität. Beginnen Sie mit: twofold init --name NAME',
  ROOT_KEY_ELSEWHERE:
    'Dieses Gerät wurde von einem anderen Ihrer Geräte hinzugefügt; dort sind Ihre Wiederherstellungswörter und alles, was sie braucht.',
  DEVICE_LINK:
    'Dieser Link fügt ein Gerät von jemandem hinzu, der schon im Kreis ist. Öffnen Sie ihn auf einem neuen Gerät, bevor dort eine Identität angelegt wird.',
  KEYS_LOCKED: 'Die Schlüssel dieses Ordners verwahrt {keeper}; von hier lassen sie sich nicht öffnen.',
  PASSPHRASE_WRONG: 'Die Passphrase öffnet die Schlüssel dieses Ordners nicht.',
  PASSPHRASE_NEEDED:
    'Die Schlüssel dieses Ordners schützt eine Passphrase. Geben Sie sie in TWOFOLD_PASSPHRASE oder bei der Abfrage an.',
  KEYS_DAMAGED:
    'Die Datei mit den Schlüsseln ist beschädigt. Stellen Sie sich aus den 24 Wörtern in einem leeren Ordner wieder her; die Einträge kommen vom Kreis zurück.',
  KEYCHAIN_UNAVAILABLE: 'Der Schlüsselbund des Systems antwortet nicht; die Schlüssel lassen sich gerade nicht öffnen.',
  CIRCLE_EXISTS: 'Dieser Ordner gehört schon zu einem Kreis.',
  CIRCLE_MISSING:
    'Dieser Ordner gehört noch zu keinem Kreis. Gründen Sie einen mit: twofold circle create --name NAME, oder treten Sie bei mit: twofold join LINK',
  CIRCLE_DAMAGED:
    'Die Datei circle.json ist beschädigt; sie bleibt, wie sie ist. Spielen Sie eine Kopie zurück, oder stellen Sie sich aus den 24 Wörtern in einem leeren Ordner wieder her.',
  TEXT_EMPTY: 'Es gibt nichts zu schreiben.',
  TEXT_TOO_LONG: 'Ein Eintrag fasst höchstens {max} Bytes Text; dieser hat {bytes}.',
  CLOCK_BEHIND:
    'Die Uhr dieses Computers geht gegenüber Ihrem letzten Eintrag um {behind} nach. Stellen Sie sie, dann schreiben Sie noch einmal.',
  NOT_ADMITTED: 'Das geht, sobald Sie eingelassen sind.',
  SEARCHES_MAX: 'Es sind schon {max} Suchen gespeichert. Vergessen Sie zuerst eine.',
  HELD_POSTS_MAX: 'Höchstens {max} Einträge werden aufbewahrt, bis Sie eingelassen sind.',
  HELD: 'Aufbewahrt; geht hinaus, sobald Sie eingelassen sind.',
  ENTRY_UNKNOWN: 'Diesen Eintrag gibt es hier nicht.',
  ENTRY_FIXED: 'Nur Beiträge und Antworten können geändert, zurückgenommen oder mit Reaktionen versehen werden.',
  ENTRY_RETRACTED: 'Diesen Eintrag hat sein Autor zurückgenommen.',
  ENTRY_NOT_YOURS: 'Nur sein Autor kann einen Eintrag ändern oder zurücknehmen.',
  REACTION_INVALID: 'Eine Reaktion ist ein Emoji oder ein kurzes Wort von höchstens {max} Bytes.',
  VIEW_UNKNOWN: 'Diese Ansicht ist geschlossen.',
  FOLDER_TAKEN:
    'Der Ordner {folder} enthält schon eine Identität oder einen Kreis. Nennen Sie mit --data einen leeren.',
  FOLDER_IN_USE: 'Dieser Ordner ist schon von einem anderen Twofold geöffnet.',
  FOLDER_UNWRITABLE: 'In den Ordner {folder} kann nicht geschrieben werden.',
  DISK_FULL:
    'Der Datenträger ist voll. Nichts ging verloren; Schreiben und Empfangen gehen weiter, sobald wieder Platz ist.',
  DATABASE_LOCKED:
    'Die Datenbank ist von einem anderen Programm gesperrt. Schließen Sie es; Twofold macht von selbst weiter.',
  DATABASE_DAMAGED:
    'Die Datenbank war beschädigt. Sie wurde als {file} beiseitegelegt; {recovered} Einträge wurden daraus gerettet, der Rest kommt vom Kreis zurück.',
  DATABASE_DAMAGED_NOW:
    'Die Datenbank ist beschädigt. Starten Sie Twofold neu: Es rettet, was lesbar ist, und holt den Rest vom Kreis.',
  DATABASE_CHECKING:
    'Twofold wurde zuletzt nicht ordentlich beendet; die Datenbank wird geprüft. Lesen geht schon; was Sie schreiben, wird gleich danach gespeichert.',
  DATABASE_NEWER: 'Die Datenbank stammt von einer neueren Twofold-Version. Installieren Sie diese oder eine spätere.',
  SETTINGS_DAMAGED:
    'Die Einstellungen waren nicht lesbar; es gelten die üblichen, und die alte Datei liegt als {file} daneben.',
  NO_INTERFACE: 'Dieser Computer ist in keinem Netz. Einträge werden aufbewahrt und gehen hinaus, sobald er es ist.',
  MULTICAST_BLOCKED:
    'Das Netz lässt nicht zu, dass Geräte sich melden. Tragen Sie eine Adresse von Hand ein: Netzwerk → Adresse hinzufügen.',
  PORT_IN_USE: 'Ein anderes Programm belegt den Port, auf dem sich Geräte melden.',
  DHT_UNREACHABLE: 'Es wurde kein Weg ins Internet gefunden; das lokale Netz funktioniert ohne.',
  ADDRESS_INVALID: 'Eine Adresse sieht so aus: 192.168.1.20:49737 oder name.local:49737.',
  NETWORK_PROBLEM: 'Das Netz hat ein Problem gemeldet: {detail}',
  BAD_ARGUMENTS: '{detail}',
  FORBIDDEN: 'Diese Anfrage kam nicht aus dem Fenster von Twofold.',
  FILE_UNREADABLE: 'Die Datei {file} kann nicht gelesen werden.',
  PROOF_FILE_INVALID: 'Das ist keine Beweisdatei von Twofold, oder sie ist beschädigt: {detail}',
  PROOF_FALSE: 'Der Beweis hält nicht: {detail}',
  ARCHIVE_INVALID: 'Die Datei {file} ist weder Archiv noch Kopie noch Export von Twofold.',
  ARCHIVE_DAMAGED: 'Die Datei ist ab Byte {at} beschädigt; was davor steht, wurde gelesen.',
  ARCHIVE_FALSE: 'Das Archiv hält nicht: {detail}',
  ARCHIVE_OTHER_CIRCLE: 'Die Datei gehört zu einem anderen Kreis, {name}. Nichts davon wurde übernommen.',
  BACKUP_WORDS: 'Diese 24 Wörter öffnen diese Sicherung nicht.',
  BACKUP_DAMAGED: 'Die Sicherung {file} ist beschädigt oder abgeschnitten.',
  FILE_EXISTS: 'Eine Datei {file} gibt es schon. Wählen Sie einen anderen Namen, oder entfernen Sie sie zuerst.',
  JOB_RUNNING: 'In diesem Ordner läuft gerade etwas anderes. Warten Sie das Ende ab, oder brechen Sie es ab.',
  JOB_CANCELLED: 'Abgebrochen. Es blieb nichts Halbfertiges zurück.',
  MIRROR_INSIDE: 'Die zweite Kopie muss außerhalb des Datenordners liegen, am besten auf einem anderen Datenträger.',
  MIRROR_OFF: 'Für eine zweite Kopie ist kein Ordner gewählt.',
  REJOIN_NEEDED:
    'Ihre Einträge sind wieder da. Dieses Gerät ist ein neues von Ihnen: Um zu schreiben, treten Sie mit der Einladung eines Mitglieds wieder bei.',
  RECOVERING: 'Einträge werden aus {file} zurückgeholt: {done} bisher. Schreiben geht, sobald das fertig ist.',
  CIRCLE_REPAIRED:
    'Die Datei circle.json war beschädigt. Sie liegt als {aside} daneben; ihre zweite Kopie wird benutzt.',
  FILE_SET_ASIDE: 'Die Datei {file} war beschädigt. Sie liegt als {aside} daneben; ihr Inhalt kommt vom Kreis wieder.',
  JOINING_DAMAGED:
    'Der Vermerk über eine begonnene Einladung war beschädigt. Er liegt als {aside} daneben; öffnen Sie die Einladung noch einmal.',
  ASIDE_UNKNOWN: 'Eine solche beiseitegelegte Datei gibt es nicht.',
  NO_DIALOG: 'Eine Datei lässt sich nur im Fenster auswählen; geben Sie sonst ihren Pfad an.',
  SIMULATION_FAILED: 'Die Simulation hat gefunden, was nie sein darf.',
  CANCELLED: 'Es wurde nichts geändert.',
  NOT_RUNNING: 'Auf diesem Ordner läuft kein Twofold.',
  INTERNAL: 'In Twofold ist etwas schiefgegangen. Einzelheiten stehen im Protokoll.',
}
