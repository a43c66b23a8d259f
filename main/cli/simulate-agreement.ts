// `twofold simulate agreement`: the admins' agreement under random schedules. It needs no folder and touches no network.
import { TwofoldError } from '../../shared/errors'
import { simulateAgreement } from '../simulator/agreement'
import { UsageError, whole, type Command } from './command'

export const simulateAgreementCommand: Command = {
  usage: 'simulate agreement',
  about: 'Try the agreement of the admins under random schedules',
  details:
    'Messages are lost, doubled and overtaken, devices stop anywhere and come back from their disk. Needs no folder. Exit code 1 when two records were certified for one number, or a majority got stuck.',
  examples: ['twofold simulate agreement --admins 5 --schedules 1000000 --seed 7 --json'],
  flags: {
    admins: { type: 'string', about: 'admins to begin with, 1 to 7 (default: each number in turn)' },
    schedules: { type: 'string', about: 'how many (default 100000)' },
    seed: { type: 'string', about: 'the same seed gives the same schedules (default 1)' },
  },
  args: [0, 0],
  alone(call) {
    const admins = whole(call, 'admins') ?? 0
    if (admins > 7) throw new UsageError('--admins is 1 to 7')
    const run = simulateAgreement({
      admins,
      schedules: whole(call, 'schedules') ?? 100_000,
      seed: whole(call, 'seed') ?? 1,
    })
    if (call.json) call.io.out(JSON.stringify(run))
    else
      call.io.out(
        `${run.schedules} schedules, ${run.committed} records agreed on; twice for one number: ${run.doubleCertificates}; stuck: ${run.stalled}; at most ${run.maxRounds} rounds.`,
      )
    if (run.doubleCertificates || run.stalled) throw new TwofoldError('SIMULATION_FAILED')
    return true
  },
}
