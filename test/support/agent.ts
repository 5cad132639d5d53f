import { randomUUID } from 'node:crypto'
import type { Principal } from '#access'
import type { Hub } from '#hub'

export interface Agent {
  readonly id: string
  /** The token's value, for requests. */
  readonly token: string
  readonly principal: Principal
}

/** Creates a token with these scopes, and returns its principal as a request with it has it. The creator is the operator, or another token. */
export async function agentWith({ access }: Pick<Hub, 'access'>, scopes: readonly string[], creator?: Principal): Promise<Agent> {
  const by = creator ?? (await access.operator('tester'))
  const { token, value } = await access.tokens.create(by, { name: `agent-${randomUUID()}`, scopes })
  return { id: token.id, token: value, principal: await access.authenticate(value, '127.0.0.1') }
}
