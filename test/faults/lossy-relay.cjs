// A router that loses and reorders: it hands UDP datagrams on between two networks that know no other way to each other. Run in
// a network namespace of its own. Arguments: seed, share that is lost, then "listen>to" pairs of HOST:PORT. What it did is told
// on stdout when its input ends.
const { createSocket } = require('node:dgram')

const [seed, lost, ...ways] = process.argv.slice(2)
let state = (Number(seed) * 2654435761) >>> 0 || 1
const chance = () => {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return (state >>> 0) / 4294967296
}
const told = { passed: 0, dropped: 0, late: 0 }
/** Some is lost; of the rest a quarter waits, so that it arrives after what was sent later. @param {() => void} send */
const pass = (send) => {
  if (chance() < Number(lost)) {
    told.dropped++
    return
  }
  told.passed++
  if (chance() < 0.25) {
    told.late++
    setTimeout(send, 2 + chance() * 60)
  } else setTimeout(send, 1)
}
const place = (text) => {
  const [host, port] = text.split(':')
  return { host, port: Number(port) }
}
let listening = 0
for (const way of ways) {
  const [from, to, via] = way.split('>').map(place)
  const front = createSocket('udp4')
  /** One way back for each sender, as a translating router has it. */
  const backs = new Map()
  front.on('message', (message, sender) => {
    const key = `${sender.address}:${sender.port}`
    let back = backs.get(key)
    if (!back) {
      back = createSocket('udp4')
      back.bind(0, via.host)
      back.on('message', (answer) => pass(() => front.send(answer, sender.port, sender.address)))
      back.on('error', () => undefined)
      backs.set(key, back)
    }
    pass(() => back.send(message, to.port, to.host))
  })
  front.on('error', () => undefined)
  front.bind(from.port, from.host, () => {
    if (++listening === ways.length) process.stdout.write('listening\n')
  })
}
process.stdin.resume()
process.stdin.on('end', () => {
  process.stdout.write(`${JSON.stringify(told)}\n`)
  process.exit(0)
})
