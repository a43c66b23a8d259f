// What people of a sample circle write: sentences of several languages, code, lists, tables, single words and long texts,
// chosen by a small generator, so that one number gives the same circle again.
/** A number in [0, 1). */
export type Chance = () => number

/** Mulberry32: small, and good enough to spread samples. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
export const pick = <T>(chance: Chance, all: readonly T[]): T => all[Math.floor(chance() * all.length)]!

interface Language {
  subjects: readonly string[]
  verbs: readonly string[]
  objects: readonly string[]
  ends: readonly string[]
  space: string
}
const english: Language = {
  subjects: [
    'The boat',
    'The pump',
    'Grandma',
    'The north sensor',
    'Somebody',
    'The parcel',
    'Our bus',
    'The kettle',
    'The garden',
    'The build',
    'My bike',
    'The cat',
    'The new logger',
    'Tonight’s crew',
  ],
  verbs: [
    'needs',
    'found',
    'lost',
    'brought',
    'is waiting for',
    'has finished',
    'wants',
    'was asking about',
    'repaired',
    'is nearly out of',
    'likes',
    'will fetch',
    'measured',
    'cannot find',
  ],
  objects: [
    'the blue key',
    'a new filter',
    'the long ladder',
    'some tea',
    'the spare battery',
    'three boxes of apples',
    'the minutes',
    'an extra chair',
    'the winter tyres',
    'that recipe',
    'the old photos',
    'two more hands',
    'the calibration',
    'the tide table',
  ],
  ends: [
    '.',
    '!',
    ' again.',
    ' before Friday.',
    ' tomorrow morning.',
    ', I think.',
    '?',
    ' as agreed.',
    ' at last.',
    ' – no hurry.',
  ],
  space: ' ',
}
const german: Language = {
  subjects: [
    'Das Boot',
    'Die Pumpe',
    'Oma',
    'Der Nachbar',
    'Die Heizung',
    'Unser Zug',
    'Der Wasserkessel',
    'Das Gewächshaus',
    'Die Straßenbahn',
    'Mein Fahrrad',
  ],
  verbs: ['braucht', 'hat', 'sucht', 'bringt', 'wartet auf', 'möchte', 'repariert', 'vergisst', 'holt morgen', 'misst'],
  objects: [
    'den blauen Schlüssel',
    'einen neuen Filter',
    'die große Leiter',
    'etwas Tee',
    'die Ersatzbatterie',
    'drei Kisten Äpfel',
    'das Protokoll',
    'die Winterreifen',
    'das Rezept von früher',
    'die Öltanks',
  ],
  ends: ['.', '!', ' vor Freitag.', ' wie besprochen.', '?', ', glaube ich.', ' – endlich.', ' übermorgen.'],
  space: ' ',
}
const russian: Language = {
  subjects: ['Лодка', 'Бабушка', 'Насос', 'Автобус', 'Чайник', 'Сосед', 'Кошка'],
  verbs: ['ищет', 'нашла', 'ждёт', 'принесёт', 'починит', 'хочет', 'забыла'],
  objects: [
    'синий ключ',
    'новый фильтр',
    'лестницу',
    'немного чая',
    'старые фотографии',
    'три ящика яблок',
    'рецепт пирога',
  ],
  ends: ['.', '!', ' завтра утром.', '?', ' до пятницы.', ', кажется.'],
  space: ' ',
}
const arabic: Language = {
  subjects: ['القارب', 'جدتي', 'المضخة', 'الحافلة', 'الجار', 'القطة', 'الحديقة'],
  verbs: ['يحتاج', 'وجدت', 'تنتظر', 'أحضر', 'يريد', 'نسيت', 'أصلح'],
  objects: [
    'المفتاح الأزرق',
    'مرشحًا جديدًا',
    'السلّم الطويل',
    'بعض الشاي',
    'البطارية',
    'ثلاثة صناديق تفاح',
    'الصور القديمة',
  ],
  ends: ['.', '!', ' غدًا صباحًا.', '؟', ' قبل يوم الجمعة.'],
  space: ' ',
}
const hebrew: Language = {
  subjects: ['הסירה', 'סבתא', 'המשאבה', 'האוטובוס', 'השכן', 'החתול', 'הגינה'],
  verbs: ['צריכה', 'מצאה', 'מחכה', 'הביא', 'רוצה', 'שכחה', 'תיקן'],
  objects: ['את המפתח הכחול', 'מסנן חדש', 'את הסולם', 'קצת תה', 'סוללה', 'שלושה ארגזי תפוחים', 'את התמונות הישנות'],
  ends: ['.', '!', ' מחר בבוקר.', '?', ' לפני יום שישי.'],
  space: ' ',
}
const japanese: Language = {
  subjects: ['舟は', 'ポンプは', 'おばあちゃんが', 'バスは', '猫が', '隣の人が', 'やかんは'],
  verbs: ['明日', 'きっと', 'また', '今朝', 'ようやく', '金曜までに'],
  objects: [
    '青い鍵を見つけた',
    '新しいフィルターがいる',
    'お茶を飲みたい',
    'はしごを直した',
    '古い写真を持ってくる',
    'りんごを三箱もらった',
  ],
  ends: ['。', '！', '？', 'ね。', 'よ。'],
  space: '',
}
const LANGUAGES = [english, english, english, english, german, german, russian, arabic, hebrew, japanese] as const
export type Voice = Language
export const voiceOf = (chance: Chance): Voice => pick(chance, LANGUAGES)

const WORDS = [
  'Yes',
  'No',
  'Thanks!',
  'Done.',
  'Soon',
  'Ha!',
  'Really?',
  'Danke',
  'ok',
  '👍',
  '🎉🎉🎉',
  '❤️',
  '👩‍👩‍👧‍👦',
  '🏴󠁧󠁢󠁳󠁣󠁴󠁿',
  'Schön',
  'نعم',
  'כן',
  'はい',
  'Да',
  '…',
] as const
const TAGS = ['garden', 'boat', 'tea', 'winter', 'build', 'reise', 'küche', 'school', 'measurements', 'urgent'] as const
const HOSTS = [
  'example.org/notes',
  'example.com/map?at=52.5,13.4',
  'example.net/recipes/apple-cake',
  'docs.example.org/pump#valve',
] as const
const CODE = [
  '```ts\nexport const volts = (raw: number) => (raw / 4095) * 3.3 * DIVIDER // measured at three temperatures\n```',
  '```python\ndef mean(values):\n    """Of at least one value."""\n    return sum(values) / len(values)\n```',
  '```sh\nrsync -a --delete ~/photos/ attic:/srv/photos/ && echo "copied $(date)"\n```',
  "```sql\nSELECT day, AVG(level) FROM water WHERE day > date('now', '-30 days') GROUP BY day;\n```",
  '```diff\n-const DIVIDER = 10.8\n+const DIVIDER = 10.94\n```',
  '```\nplain text, as the logger prints it\n12:04:10  4.12 m\n12:14:10  4.11 m\n```',
] as const

const sentence = (chance: Chance, { subjects, verbs, objects, ends, space }: Voice): string =>
  [pick(chance, subjects), pick(chance, verbs), pick(chance, objects)].join(space) + pick(chance, ends)
const sentences = (chance: Chance, voice: Voice, count: number): string =>
  Array.from({ length: count }, () => sentence(chance, voice)).join(voice.space || ' ')

/** One text as somebody with this voice writes it. `mention`: a member, as markdown. */
export function textOf(chance: Chance, voice: Voice, mention: () => string): string {
  const kind = chance()
  if (kind < 0.12) return pick(chance, WORDS)
  if (kind < 0.62) return sentences(chance, voice, 1 + Math.floor(chance() * 3))
  if (kind < 0.72) return `${sentence(chance, voice)} #${pick(chance, TAGS)}`
  if (kind < 0.79) return `${sentence(chance, voice)} https://${pick(chance, HOSTS)}`
  if (kind < 0.84) return `${mention()} ${sentence(chance, voice)}`
  if (kind < 0.88) return `${sentence(chance, voice)}\n\n${pick(chance, CODE)}`
  if (kind < 0.92)
    return `## ${sentence(chance, voice).replace(/[.!?。]+$/, '')}\n\n${Array.from({ length: 2 + Math.floor(chance() * 4) }, () => `- ${chance() < 0.4 ? (chance() < 0.5 ? '[x] ' : '[ ] ') : ''}${sentence(chance, voice)}`).join('\n')}`
  if (kind < 0.94)
    return `| day | level | by |\n| :-- | --: | --- |\n${Array.from({ length: 2 + Math.floor(chance() * 5) }, (_unused, i) => `| ${i + 1} | ${(3 + chance()).toFixed(2)} m | ${pick(chance, voice.subjects)} |`).join('\n')}`
  if (kind < 0.97)
    return `> ${sentence(chance, voice)}\n\n**${pick(chance, WORDS)}** ${sentences(chance, voice, 2)} ~~${pick(chance, WORDS)}~~ \`v${Math.floor(chance() * 9)}.${Math.floor(chance() * 20)}\``
  return Array.from({ length: 3 + Math.floor(chance() * 8) }, () =>
    sentences(chance, voice, 3 + Math.floor(chance() * 5)),
  ).join('\n\n')
}

export const REACTIONS = ['👍', '❤️', '😂', '🎉', '👀', '🙏', 'ok'] as const
export const NAMES = [
  'Ada Lindqvist',
  'Bob',
  'Carla Reyes',
  'Dmitri',
  'Esi Mensah',
  'Farid',
  'Grete Holm',
  'Hana',
  'Ivo',
  'June Park',
  'Kofi',
  'Lena',
  'Mads',
  'Noor',
  'Olu',
  'Priya',
  'Quentin',
  'Rosa',
  'Sami',
  'Tove',
  'Uma',
  'Viktor',
  'Wen',
  'Xenia',
  'Yusuf',
  'Zoë',
] as const
/** Names beyond the list get a number. */
export const nameOf = (index: number): string =>
  index < NAMES.length
    ? NAMES[index]!
    : `${NAMES[index % NAMES.length]!.split(' ')[0]} ${Math.floor(index / NAMES.length) + 1}`
