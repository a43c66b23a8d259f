// Decides what counts as a bandwidth cap when somebody types one.

/** KiB a second; the contract's bound. */
export const CAP_MAX_KIB = 1_048_576

/** KiB a second, 0 for no cap; null: not a cap. An empty field is no cap. */
export function capOf(typed: string): number | null {
  const given = typed.trim()
  if (given === '') return 0
  const cap = Number(given)
  return /^\d+$/u.test(given) && cap <= CAP_MAX_KIB ? cap : null
}
