// One call of the contract: the schema of its input, and the type of its result.
import type * as v from 'valibot'

export interface Call<I extends v.GenericSchema, R> {
  readonly input: I
  /** Phantom: the type of the result. */
  readonly result?: R
}
export const call = <I extends v.GenericSchema>(input: I) => ({ returns: <R>(): Call<I, R> => ({ input }) })
