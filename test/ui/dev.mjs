// Mounts the real window on a fake backend: dev.html?scenario=small&theme=dark&density=compact&slow=500
import { FakeBackend } from './fake-backend'

const wanted = new URLSearchParams(location.search)
const fake = new FakeBackend(wanted.get('scenario') ?? 'small')
fake.slowMs = Number(wanted.get('slow') ?? 0)
const theme = wanted.get('theme')
if (theme === 'light' || theme === 'dark') fake.state.settings.theme = theme
if (wanted.get('density') === 'compact') fake.state.settings.density = 'compact'
Object.assign(globalThis, { twofold: fake, fake })
await import('../../renderer/main')
