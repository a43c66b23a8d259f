// The table of shared/diagnosis.ts in German: the same codes, the same placeholders.
import type { FindingCode } from './diagnosis'

export const findingsDe: Readonly<Record<FindingCode, string>> = {
  SELF_SILENT:
    'Dieses Gerät hält sich vom Netz fern: Es wurde aus dem Kreis entfernt, oder sein Schlüssel lebt auch anderswo.',
  ALL_OFF: 'Lokales Netz und Internet sind in den Einstellungen dieses Geräts beide ausgeschaltet.',
  LAN_OFF: 'Das lokale Netz ist in den Einstellungen dieses Geräts ausgeschaltet.',
  INTERNET_OFF: 'Das Internet ist in den Einstellungen dieses Geräts ausgeschaltet.',
  NOT_LISTENING: 'Dieses Gerät konnte keinen UDP-Port öffnen. Belegt ihn etwas anderes, oder ist es nicht erlaubt?',
  NO_INTERFACE: 'Dieser Rechner ist in keinem Netz.',
  MULTICAST_BLOCKED:
    'Die Ansagen dieses Geräts kommen nicht zu ihm zurück: Das Netz oder eine Firewall sperrt Multicast (Gäste-WLANs tun das oft). Geben Sie UDP 5353 frei, oder tragen Sie die Adresse des anderen Geräts von Hand ein.',
  BEACON_PORT_TAKEN: 'Ein anderes Programm hält UDP-Port 5353 für sich, deshalb wird im lokalen Netz niemand gefunden.',
  DHT_UNREACHABLE: 'Im Internet antwortet nichts, womit Twofold andere findet: kein Internet, oder UDP ist gesperrt.',
  HERE_FINE: 'Dieses Gerät lauscht auf UDP-Port {port}, und an seinem Netz fehlt nichts.',
  REMOVED: '{name} steht nicht mehr auf der Mitgliederliste. Mit Entfernten verbindet sich niemand.',
  LINKED: 'Mit {name} besteht gerade eine Verbindung.',
  KEPT_OUT:
    '{name} hat zu oft gegen die Regeln verstoßen und wird von diesem Gerät vorerst ferngehalten. Mehr unter Netz → Ferngehalten.',
  VERSION: '{name} spricht eine andere Version des Protokolls. Aktualisieren Sie das ältere Twofold der beiden.',
  LIST_DIFFERS:
    '{name} hat eine andere Mitgliederliste als dieses Gerät und weist es ab. Fragen Sie jemand anderen im Kreis.',
  NOT_NEIGHBOUR:
    '{name} gehört nicht zu den Geräten, mit denen dieses eine Verbindung hält, und muss es nicht: Einträge kommen über andere, und verbunden wird, wenn es nötig ist.',
  SEEN_BY_OTHERS: 'Von {name} war vor {seconds} s über andere zu hören: Twofold läuft dort und erreicht jemanden.',
  NEVER_SEEN: '{name} wurde von diesem Gerät noch nie gesehen.',
  CLOCK: '{count} Einträge von {name} liegen vor dieser Uhr und warten. Eine der beiden Uhren geht falsch.',
  HEARD: '{name} war vor {seconds} s in diesem Netz zu hören, unter {address}.',
  NOT_HEARD:
    '{name} war in diesem Netz nicht zu hören: Twofold läuft dort nicht, oder in einem anderen Netz, oder Multicast ist dort gesperrt.',
  NOT_FOUND:
    '{name} ist über das Internet nicht zu finden: Twofold läuft dort nicht, oder sein Internet ist ausgeschaltet.',
  DIALLING: '{name} wird gerade angerufen.',
  NO_ANSWER:
    '{name} wurde {attempts}-mal angerufen und hat nicht geantwortet (zuletzt: {error}). Wahrscheinlich ist eine Firewall an einem der beiden Enden: Sie muss UDP zu dem Port durchlassen, den „Netz“ dort zeigt.',
  NEXT_TRY: 'Der nächste Anruf ist in {seconds} s.',
  ADDRESSES_TRIED: 'Von Hand wird versucht: {addresses}. Dort hat niemand des Kreises als {name} geantwortet.',
  NO_ADDRESS: 'Es gibt keine Adresse zum Anrufen: keine gehört, keine gefunden, keine von Hand eingetragen.',
}
