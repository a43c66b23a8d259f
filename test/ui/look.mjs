// Takes pictures of every screen on the fake backend, for eyes: node test/ui/look.mjs URL OUT [NAME…]
// URL is where a built or served test/ui/dev.html answers; CHROMIUM names the browser.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const [url = 'http://localhost:4599/dev.html', out = '.scratch/look', ...only] = process.argv.slice(2)
const open = (name) => (page) => page.getByRole('button', { name, exact: true }).first().click()
const entry = (position) => async (page) => {
  await page.getByTestId('entry').nth(position).click()
  await page.keyboard.press('Enter')
  await page.getByTestId('verdict').waitFor()
}
const then =
  (...steps) =>
  async (page) => {
    for (const step of steps) await step(page)
  }
const key = (name) => (page) => page.keyboard.press(name)
/**
 * name → scenario, width, height, theme, what to do first, how else it differs.
 * @type {Record<string, [string, number, number, string, (((page: import('playwright-core').Page) => Promise<unknown>) | null)?, { density?: string, slow?: number, scale?: number }?]>}
 */
const looks = {
  welcome: ['welcome', 1280, 800, 'light'],
  'welcome-dark': ['welcome', 800, 600, 'dark'],
  restore: [
    'welcome',
    1280,
    900,
    'light',
    then(open('I have 24 recovery words'), async (page) => {
      await page.getByLabel('Word 1', { exact: true }).fill('canyon velvet'.split(' ')[0])
      await page.getByLabel('Word 2', { exact: true }).fill('zzz')
      await page.getByLabel('Word 3', { exact: true }).fill('or')
    }),
  ],
  words: ['words', 1280, 800, 'light'],
  'words-dark': ['words', 800, 600, 'dark'],
  confirm: [
    'words',
    1280,
    800,
    'light',
    then(open('I have written them down'), async (page) => {
      await page.getByLabel('Word 4').fill('men')
      await page.waitForTimeout(200)
    }),
  ],
  'no-circle': ['no-circle', 1280, 800, 'light'],
  create: ['no-circle', 1280, 800, 'dark', open('Start a circle')],
  join: [
    'no-circle',
    1280,
    800,
    'light',
    then(open('Join a circle'), async (page) => {
      await page.getByLabel('Invite link or 12 words').fill('https://nonsense')
      await page.getByRole('button', { name: 'Look at the invite' }).click()
    }),
  ],
  preview: [
    'no-circle',
    1280,
    800,
    'light',
    then(open('Join a circle'), async (page) => {
      await page.getByLabel('Invite link or 12 words').fill('twofold://join/1/abc')
      await page.getByRole('button', { name: 'Look at the invite' }).click()
    }),
  ],
  searching: ['searching', 1280, 800, 'light'],
  'confirm-circle': ['confirm-circle', 1280, 800, 'light'],
  approval: ['approval', 1280, 800, 'dark'],
  empty: ['empty', 1280, 800, 'light'],
  small: ['small', 1280, 800, 'light'],
  'small-dark': ['small', 1280, 800, 'dark'],
  'small-800': ['small', 800, 600, 'light'],
  'small-4k': ['small', 2560, 1440, 'light', entry(1)],
  compact: ['small', 1280, 800, 'light', null, { density: 'compact' }],
  zoomed: ['small', 640, 400, 'light', null, { scale: 2 }],
  'zoomed-nav': ['small', 640, 400, 'dark', open('Open navigation'), { scale: 2 }],
  syncing: ['syncing', 1280, 800, 'light'],
  alone: ['alone', 1280, 800, 'dark'],
  loading: ['small', 1280, 800, 'light', null, { slow: 20_000 }],
  large: [
    'large',
    1280,
    800,
    'light',
    async (page) => {
      await page.mouse.move(700, 500)
      for (let turn = 0; turn < 12; turn += 1) await page.mouse.wheel(0, 400)
      await page.waitForTimeout(600)
      await page.evaluate(() => globalThis.fake.arrive(1, 'A new one while you read.'))
      await page.waitForTimeout(200)
    },
  ],
  dragged: [
    'large',
    1280,
    800,
    'dark',
    async (page) => {
      const bar = await page.getByRole('scrollbar').boundingBox()
      await page.mouse.move(bar.x + 7, bar.y + 12)
      await page.mouse.down()
      await page.mouse.move(bar.x + 7, bar.y + bar.height / 2, { steps: 5 })
      await page.waitForTimeout(400)
    },
  ],
  inspector: ['small', 1280, 800, 'light', entry(2)],
  'inspector-route': [
    'crowd',
    1440,
    900,
    'light',
    then(entry(2), async (page) => {
      await page.getByTestId('route-ring').scrollIntoViewIfNeeded()
      await page.waitForTimeout(200)
    }),
  ],
  'route-8': [
    'large',
    1440,
    900,
    'dark',
    then(entry(2), async (page) => {
      await page.getByTestId('route-ring').scrollIntoViewIfNeeded()
    }),
  ],
  'route-8-trees': [
    'large',
    1440,
    900,
    'light',
    then(entry(2), async (page) => {
      await page.getByText('Trees', { exact: true }).click()
      await page.getByText('Each entry travels').scrollIntoViewIfNeeded()
    }),
  ],
  'route-100-trees': [
    'crowd',
    1440,
    900,
    'dark',
    then(entry(2), async (page) => {
      await page.getByText('Trees', { exact: true }).click()
      await page.getByText('Each entry travels').scrollIntoViewIfNeeded()
    }),
  ],
  ...Object.fromEntries(
    [
      ['came-planned', 'large', 1440, 1000, 'light', 'came'],
      ['came-stand-in', 'standin', 1440, 1000, 'dark', 'came'],
      ['came-caught-up', 'caughtup', 1440, 1000, 'light', 'came'],
      ['holders-3', 'small', 1280, 800, 'dark', 'holders'],
      ['holders-100', 'crowd', 1440, 900, 'light', 'holders'],
      ['holders-300', 'fleet', 1440, 900, 'dark', 'holders'],
      ['holders-800', 'crowd', 800, 600, 'light', 'holders'],
    ].map(([name, scenario, width, height, theme, what]) => [
      name,
      [
        scenario,
        width,
        height,
        theme,
        then(entry(2), async (page) => {
          await page.getByTestId(what).evaluate((element) => element.scrollIntoView({ block: 'start' }))
          await page.waitForTimeout(200)
        }),
      ],
    ]),
  ),
  'inspector-800': ['small', 800, 600, 'dark', entry(1)],
  crowd: ['crowd', 1280, 800, 'light'],
  compose: [
    'small',
    1280,
    800,
    'light',
    then(key('j'), key('j'), key('r'), async (page) => {
      await page.keyboard.type('That is **good** news.\n\nI bring the long roller.')
    }),
  ],
  refused: [
    'small',
    1280,
    800,
    'dark',
    then(key('n'), async (page) => {
      await page.keyboard.type('refuse me please')
      await page.keyboard.press('Control+Enter')
      await page.waitForTimeout(200)
    }),
  ],
  alerts: ['alerts', 1280, 800, 'light'],
  requests: ['requests', 1280, 800, 'light', then(key('g'), key('c'))],
  agreeing: ['agreeing', 1280, 800, 'light', then(key('g'), key('c'))],
  'agreeing-dark': ['agreeing', 800, 600, 'dark', then(key('g'), key('c'))],
  provisional: ['provisional', 1280, 800, 'light'],
  copied: ['copied', 1280, 800, 'light'],
  'copied-renew': ['copied', 1280, 800, 'dark', open('Become a new device…')],
  'circle-dark': ['small', 1280, 800, 'dark', then(key('g'), key('c'))],
  invites: [
    'small',
    1280,
    800,
    'light',
    then(key('g'), key('c'), async (page) => page.getByRole('tab', { name: 'Invites' }).click()),
  ],
  log: [
    'large',
    1280,
    800,
    'light',
    then(key('g'), key('c'), async (page) => page.getByRole('tab', { name: 'Change log' }).click()),
  ],
  'invite-new': ['small', 1280, 800, 'light', open('Invite somebody')],
  'invite-code': ['small', 1280, 800, 'dark', then(open('Invite somebody'), open('Make the invite'))],
  'invite-code-light': ['small', 1280, 800, 'light', then(open('Invite somebody'), open('Make the invite'))],
  removal: [
    'large',
    1280,
    800,
    'light',
    then(key('g'), key('c'), async (page) => {
      await page.getByRole('button', { name: 'More about Dmitri' }).click()
      await page.getByRole('menuitem', { name: 'Remove from circle…' }).click()
      await page.getByRole('button', { name: 'Remove Dmitri' }).click()
      await page.waitForTimeout(300)
    }),
  ],
  ...Object.fromEntries(
    [
      ['network-3', 'small', 1280, 1700, 'light'],
      ['network-3-dark', 'small', 1280, 1700, 'dark'],
      ['network-100', 'crowd', 1440, 1900, 'light'],
      ['network-100-dark', 'crowd', 1440, 1900, 'dark'],
      ['network-300', 'fleet', 1440, 900, 'light'],
      ['network-300-dark', 'fleet', 1440, 900, 'dark'],
      ['network-alone', 'empty', 1280, 1500, 'dark'],
      ['network-problems', 'alerts', 1280, 800, 'dark'],
      ['network-800', 'crowd', 800, 600, 'light'],
      ['network-800-tall', 'crowd', 800, 2600, 'dark'],
      ['network-4k', 'fleet', 3840, 2160, 'light'],
      ['network-compact', 'large', 1280, 800, 'light', { density: 'compact' }],
      ['network-zoomed', 'crowd', 640, 1800, 'light', { scale: 2 }],
    ].map(([name, scenario, width, height, theme, more]) => [
      name,
      [scenario, width, height, theme, then(key('g'), key('n')), more],
    ]),
  ),
  'network-chosen': [
    'crowd',
    1440,
    900,
    'light',
    then(key('g'), key('n'), async (page) => {
      await page.getByTestId('ring-map').focus()
      for (const press of ['PageDown', 'PageDown', 'PageDown', 'Enter']) await page.keyboard.press(press)
    }),
  ],
  'network-hover': [
    'fleet',
    1280,
    900,
    'dark',
    then(key('g'), key('n'), async (page) => {
      const map = await page.getByTestId('ring-map').boundingBox()
      await page.mouse.move(map.x + map.width * 0.74, map.y + map.height * 0.62)
    }),
  ],
  settings: ['small', 1280, 900, 'light', then(key('g'), key('s'))],
  'settings-cap': [
    'small',
    1280,
    900,
    'light',
    then(key('g'), key('s'), async (page) => {
      await page.getByLabel('In all').fill('200')
      await page.getByLabel('To one device').fill('much')
    }),
  ],
  'settings-dark': ['small', 800, 600, 'dark', then(key('g'), key('s'))],
  palette: ['large', 1280, 800, 'light', key('Control+k')],
  'palette-dark': ['large', 1280, 800, 'dark', then(key('Control+k'), async (page) => page.keyboard.type('th'))],
  shortcuts: ['small', 1280, 800, 'light', key('?')],
  removed: ['removed', 1280, 800, 'light'],
  restoring: ['restoring', 1280, 800, 'dark'],
  opened: [
    'small',
    1280,
    800,
    'light',
    async (page) => {
      await page.evaluate(() => globalThis.fake.emit('link.opened', { link: 'twofold://join/1/abc' }))
      await page.waitForTimeout(300)
    },
  ],
  tooltip: [
    'small',
    1280,
    800,
    'light',
    async (page) => {
      await page.getByRole('button', { name: 'Bob', exact: true }).first().hover()
      await page.waitForTimeout(900)
    },
  ],
  menu: [
    'small',
    1280,
    800,
    'light',
    async (page) => {
      await page.getByTestId('entry').nth(1).hover()
      await page
        .getByRole('button', { name: /^More about the entry/ })
        .first()
        .click()
      await page.waitForTimeout(300)
    },
  ],
}

mkdirSync(out, { recursive: true })
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
})
for (const [name, [scenario, width, height, theme, act, more = {}]] of Object.entries(looks)) {
  if (only.length > 0 && !only.includes(name)) continue
  const context = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: more.scale ?? 1,
    permissions: ['clipboard-write'],
  })
  const page = await context.newPage()
  page.on('console', (message) => message.type() === 'error' && console.log(name, 'console:', message.text()))
  page.on('pageerror', (error) => console.log(name, 'error:', error.message))
  try {
    await page.goto(`${url}?scenario=${scenario}&theme=${theme}&density=${more.density ?? ''}&slow=${more.slow ?? 0}`)
    await page.locator('main').waitFor()
    await page.waitForTimeout(400)
    if (act) await act(page)
    await page.waitForTimeout(350)
  } catch (error) {
    console.log(name, 'failed:', error.message.split('\n')[0])
  }
  await page.screenshot({ path: join(out, `${name}.png`) })
  await context.close()
}
await browser.close()
