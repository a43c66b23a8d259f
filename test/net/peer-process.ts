// A bare peer for the network namespaces: one Network as the app would use it on a LAN, events as JSON lines on stdout.
// Arguments: its name, the circle, and all members' names, comma-separated.
import { createInterface } from 'node:readline'
import { Network, type Link } from '../../main/net/network'
import { beaconKeyOf, deviceOf, keyPairOf, open, seal } from './peers'

const [name = '', circle = '', list = ''] = process.argv.slice(2)
const members = list.split(',')
const nameOf = new Map(members.map((member) => [deviceOf(member), member]))
const key = beaconKeyOf(circle)
const say = (event: string, detail: object = {}) => process.stdout.write(`${JSON.stringify({ event, ...detail })}\n`)

const network = new Network({
  keyPair: keyPairOf(name),
  mayConnect: (remote) => nameOf.has(remote),
  beaconKeys: () => ({ announce: [key], open: [key] }),
  seal,
  open,
  lan: true,
  internet: false,
})
network
  .on('link', (link) => say('link', { remote: nameOf.get(link.remote), path: link.path }))
  .on('linkClosed', (link, reason) => say('linkClosed', { remote: nameOf.get(link.remote), reason }))
  .on('frame', (link, frame) => say('frame', { remote: nameOf.get(link.remote), text: Buffer.from(frame).toString() }))
  .on('problem', (problem) => say('problem', problem))
network.on('link', (link) => link.send(Buffer.from(`hello from ${name}`)))
// A line on stdin goes to all links; its end is the order to stop.
const links = new Set<Link>()
network.on('link', (link) => links.add(link)).on('linkClosed', (link) => links.delete(link))
createInterface({ input: process.stdin })
  .on('line', (line) => {
    for (const link of links) link.send(Buffer.from(line))
  })
  .on('close', () => void network.stop().then(() => process.exit(0)))
await network.start()
network.want(members.map(deviceOf))
say('started')
