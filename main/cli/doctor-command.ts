// `twofold doctor`: why a member cannot be seen, in words (rule L4).
import { say, type Diagnosis } from '../../shared/diagnosis'
import { memberNamed, printable, type Call, type Command } from './command'

/** Without a Twofold that runs already: announcements come back, neighbours are called and answer, or do not. */
const LOOK_MS = 8000
const SIGN = { good: '+', bad: '!', note: ' ' } as const

export const doctor: Command = {
  usage: 'doctor [MEMBER]',
  about: 'Say what stands between this device and a member, or all who cannot be seen',
  details:
    'A line with ! names what is in the way, one with + what works. Where nothing runs on the folder, it looks by itself for some seconds.',
  examples: ['twofold doctor', 'twofold doctor Bob'],
  args: [0, 1],
  online: true,
  async run(call) {
    const { members } = await call.session.call('members.list', {})
    const [given] = call.args
    const others = members.filter((member) => !member.removed && !member.me)
    const wanted = given === undefined ? others : [memberNamed(members, given)]
    if (!call.session.attached) await links(call, wanted.length)
    const all = await Promise.all(wanted.map(({ key }) => call.session.call('network.diagnose', { member: key })))
    const shown = given === undefined ? all.filter((one) => !one.linked) : all
    if (call.json) for (const one of shown) call.io.out(JSON.stringify(withWords(one)))
    else if (!shown.length)
      call.io.out(others.length ? 'There is a link with everybody.' : 'Nobody else is in the circle.')
    else
      for (const one of shown)
        call.io.out(
          [printable(one.name), ...one.findings.map((f) => `${SIGN[f.tone]} ${printable(say(f))}`)].join('\n'),
        )
  },
}

const withWords = (one: Diagnosis) => ({
  ...one,
  findings: one.findings.map((finding) => ({ ...finding, text: say(finding) })),
})

/** Until as many are linked as are asked about, or the time is over. */
async function links({ session, io }: Call, enough: number): Promise<void> {
  const linked = async () => (await session.call('state.get', {})).sync.peersOnline
  let stop = () => {}
  const late = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, LOOK_MS)
    stop = () => clearTimeout(timer)
  })
  let off = () => {}
  const all = new Promise<void>((resolve) => {
    off = session.on('state', ({ sync }) => sync.peersOnline >= enough && resolve())
  })
  if ((await linked()) < enough) await Promise.race([all, late, io.interrupted])
  off()
  stop()
}
