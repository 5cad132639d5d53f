import type { Principal } from '#access'
import { HubError } from '#errors'
import type { Operation } from '#operations'
import type { Outcome } from '#tools'
import { flowBench, type FlowBench } from '#test'

export interface AuthorityBench extends FlowBench {
  /** Runs an operation as a transport does. */
  run(principal: Principal, operation: Operation, input: object): Promise<unknown>
  invoke(principal: Principal, tool: string, input: object): Promise<Outcome>
}

/** Helpers for tests of who may do what. */
export async function authorityBench(): Promise<AuthorityBench> {
  const bench = await flowBench()
  const { hub } = bench
  return {
    ...bench,
    run: (principal, operation, input) => hub.execute({ principal, transport: 'rest' }, operation, input),
    invoke: (principal, tool, input) => hub.tools.invoke(principal, tool, input, { transport: 'rest' }),
  }
}

/** The code of the error that something ends with; undefined where it succeeds. */
export async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    if (error instanceof HubError) return error.code
    throw error
  }
}
