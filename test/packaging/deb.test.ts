// The .deb as a person has it: built with production fuses, installed with dpkg, started by an ordinary user with the
// sandbox on, opened by an invite link, and removed without a trace. Needs root to install; nothing else here does.
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { listPackage } from '@electron/asar'
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { build } from '../../scripts/build.mjs'
import { root } from '../../scripts/electron-runtime.mjs'
import { wording } from '../../shared/errors'
import { drive, type DrivenApp, makeOrdinaryUser, type OrdinaryUser } from './ordinary-user'

const canInstall = process.platform === 'linux' && process.getuid?.() === 0
if (!canInstall && process.env.CI) throw new Error('CI must run the packaging tests as root on a Debian system')
if (!canInstall) console.warn('Not run: installing a .deb needs root on a Debian system (sudo npm test)')

/** Says that what is installed came from a run of these tests that was cut short, and may be purged. */
const marker = '/var/tmp/twofold-packaging-test'
const menuEntry = '/usr/share/applications/twofold.desktop'
const isInstalled = () => spawnSync('dpkg-query', ['-W', 'twofold']).status === 0

describe.runIf(canInstall)('the .deb', () => {
  let work: string
  let deb: string
  let user: OrdinaryUser
  let running: DrivenApp | undefined

  beforeAll(async () => {
    if (isInstalled() && !existsSync(marker) && !process.env.CI) {
      throw new Error('Twofold is installed on this machine, and these tests would remove it')
    }
    if (isInstalled()) execFileSync('dpkg', ['-P', 'twofold'])
    work = mkdtempSync(join(tmpdir(), 'twofold-deb-'))
    build({ ifStale: true })
    await promisify(execFile)(process.execPath, [join(root, 'scripts/package.mjs'), '--out', work, 'deb'], {
      cwd: root,
      env: { ...process.env, TWOFOLD_DEB_COMPRESSION: 'none' },
    })
    deb = join(
      work,
      readdirSync(work).find((name) => name.endsWith('.deb'))!,
    )
    user = makeOrdinaryUser()
    writeFileSync(marker, '')
    execFileSync('dpkg', ['-i', deb])
  })

  afterEach(async () => {
    await running?.stop()
    running = undefined
  })

  afterAll(async () => {
    if (isInstalled()) execFileSync('dpkg', ['-P', 'twofold'])
    rmSync(marker, { force: true })
    await user?.remove()
    rmSync(work, { recursive: true, force: true })
  })

  /** The menu entry's command line with `links` in place of its %U. */
  const execOf = (links: readonly string[] = []) => {
    const line = /^Exec=(.*)$/m.exec(readFileSync(menuEntry, 'utf8'))![1]!
    return line.split(' ').flatMap((word) => (word === '%U' ? links : [word]))
  }
  const firstScreen = async ({ page }: DrivenApp) => {
    await expect.poll(() => page.locator('#root').innerText(), { timeout: 20_000 }).toMatch(/\S/)
  }

  test('holds what runs, and nothing else', () => {
    const files = listPackage('/opt/Twofold/resources/app.asar', { isPack: false })
    expect(files).toContain('/out/main/index.cjs')
    expect(files).toContain('/out/preload/index.cjs')
    expect(files).toContain('/out/renderer/index.html')
    const own = files.filter((file) => !file.startsWith('/node_modules'))
    expect(own.filter((file) => !/^\/(out(\/.*)?|package\.json)$/.test(file))).toEqual([])
    const needless = /\.(ts|tsx|map|md|c|cc|h)$|\/node_modules\/(node-|react|vite|electron|playwright)|\/test\//
    expect(files.filter((file) => needless.test(file))).toEqual([])
    expect(statSync('/opt/Twofold/resources/app.asar').size).toBeLessThan(12e6)
  })

  test('has production fuses', async () => {
    const wire = await getCurrentFuseWire('/opt/Twofold/twofold')
    const on = (fuse: FuseV1Options) => String.fromCodePoint(wire[fuse] ?? 0) === '1'
    expect({
      runAsNode: on(FuseV1Options.RunAsNode),
      nodeOptions: on(FuseV1Options.EnableNodeOptionsEnvironmentVariable),
      inspect: on(FuseV1Options.EnableNodeCliInspectArguments),
      filePrivileges: on(FuseV1Options.GrantFileProtocolExtraPrivileges),
      onlyAsar: on(FuseV1Options.OnlyLoadAppFromAsar),
      asarIntegrity: on(FuseV1Options.EnableEmbeddedAsarIntegrityValidation),
      cookieEncryption: on(FuseV1Options.EnableCookieEncryption),
    }).toEqual({
      runAsNode: false,
      nodeOptions: false,
      inspect: false,
      filePrivileges: false,
      onlyAsar: true,
      asarIntegrity: true,
      cookieEncryption: true,
    })
  })

  test('has a valid menu entry that claims twofold:// links and .twofold files', async () => {
    execFileSync('desktop-file-validate', [menuEntry])
    const asked = user.run(['xdg-mime', 'query', 'default', 'x-scheme-handler/twofold'], user.newHome())
    let answer = ''
    asked.stdout!.on('data', (data) => (answer += String(data)))
    await once(asked, 'close')
    expect(answer.trim()).toBe('twofold.desktop')
    expect(readFileSync('/usr/share/mime/globs', 'utf8')).toContain('application/vnd.twofold+json:*.twofold')
  })

  test.each([
    ['/usr/bin/twofold', () => ['/usr/bin/twofold']],
    ['the menu entry', () => execOf()],
  ])('starts from %s for an ordinary user, with the sandbox on', async (_title, command) => {
    running = await drive(user, command(), user.newHome())
    await firstScreen(running)
    const processes = user.processes()
    expect(processes.filter((process) => process.command.includes('--no-sandbox'))).toEqual([])
    const main = processes.find((process) => process.id === running!.child.pid)!
    const renderer = processes.find((process) => process.command.includes('--type=renderer'))!
    // 2: a system call filter is in force. The renderer's namespaces are its own, so it sees no network or process.
    expect(renderer.status.get('Seccomp')).toBe('2')
    expect(renderer.status.get('NoNewPrivs')).toBe('1')
    for (const kind of ['pid', 'net']) expect(renderer.namespaces.get(kind)).not.toBe(main.namespaces.get(kind))
  })

  describe('a twofold:// link', () => {
    const wrongLink = 'twofold://join/xyz'
    const says = new RegExp([wording.LINK_INVALID, wording.LINK_DAMAGED].map((text) => text.split('.')[0]).join('|'))

    test('starts the app, which says what is wrong with the link', async () => {
      running = await drive(user, execOf([wrongLink]), user.newHome())
      await running.page.getByText(says).first().waitFor()
    })

    test('reaches the app that is already running, and no second one stays', async () => {
      const home = user.newHome()
      running = await drive(user, execOf(), home)
      await firstScreen(running)
      const second = user.run(execOf([wrongLink]), home)
      const [code] = (await once(second, 'exit')) as [number | null]
      expect(code).toBe(0)
      await running.page.getByText(says).first().waitFor()
    })
  })

  test('can be installed over itself', () => {
    execFileSync('dpkg', ['-i', deb])
    expect(realpathSync('/usr/bin/twofold')).toBe('/opt/Twofold/twofold')
  })

  test('is removed without a trace', () => {
    execFileSync('dpkg', ['-r', 'twofold'])
    const left = execFileSync('find', ['/opt', '/usr', '/etc', '-iname', '*twofold*', '-not', '-path', `${root}/*`], {
      encoding: 'utf8',
    })
    expect(left).toBe('')
    expect(readFileSync('/usr/share/mime/globs', 'utf8')).not.toContain('twofold')
    expect(readFileSync('/usr/share/applications/mimeinfo.cache', 'utf8')).not.toContain('twofold')
    execFileSync('dpkg', ['-P', 'twofold'])
    expect(isInstalled()).toBe(false)
  })
})
