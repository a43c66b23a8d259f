// How a change of the member list comes to be certified (rules M2, M3). An agreement is asked to commit changes; it
// answers with a certified record, or with the admins whose signatures are still missing. Every record is judged by the
// same `acceptEpoch`, whatever agreement made it.
import type { DeviceKey, MemberKey } from '../../shared/types'
import type { Crypto, Sign } from './crypto'
import {
  acceptEpoch,
  adminOf,
  admins,
  certifyEpoch,
  epochMessage,
  majority,
  proposeEpoch,
  type Change,
  type EpochCode,
  type EpochRecord,
  type MemberList,
  type SecretRotation,
} from './membership'

export type AgreementResult =
  | { state: 'committed'; record: EpochRecord; list: MemberList }
  /** The change waits for a majority; `waitingFor`: names of the admins who have not signed. */
  | { state: 'waiting'; waitingFor: string[] }
  | { state: 'refused'; code: EpochCode | 'NOT_ADMIN' }

/**
 * Commits changes with the one signature at hand. That suffices exactly while this admin alone is a majority, which is
 * the case in every circle whose founder is its only admin.
 */
export function commitAlone(
  crypto: Crypto,
  list: MemberList,
  signer: { key: DeviceKey | MemberKey; sign: Sign },
  changes: Change[],
  now: number,
  rotation?: SecretRotation,
): AgreementResult {
  const me = adminOf(list, signer.key)
  if (!me) return { state: 'refused', code: 'NOT_ADMIN' }
  const proposed = proposeEpoch(crypto, list, changes, now, rotation)
  if (!proposed.ok) return { state: 'refused', code: proposed.code }
  if (majority(list) > 1)
    return {
      state: 'waiting',
      waitingFor: admins(list)
        .filter((a) => a.key !== me.key)
        .map((a) => a.name),
    }
  const { proposal } = proposed
  const record = certifyEpoch(proposal, [
    { signer: signer.key, signature: signer.sign(epochMessage(list.circle, proposal.id)) },
  ])
  const accepted = acceptEpoch(crypto, list, record)
  if (!accepted.ok) return { state: 'refused', code: accepted.code }
  return { state: 'committed', record, list: accepted.list }
}
