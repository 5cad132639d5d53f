import { callError, createEffects, shownError } from '#http'
import type { Connector } from '#kit'
import type { Connection, Connections } from './connection.ts'
import type { Health } from './health.ts'
import type { IntegrationRow } from './store.ts'

export interface ConnectionTest {
  readonly ok: boolean
  readonly account?: string
  readonly ms: number
  readonly error?: Record<string, unknown>
}

interface TestDeps {
  readonly connect: Connections['connect']
  readonly health: Health
  readonly timeoutMs: number
}

/** Proves the credential with the connector's test call, and counts the outcome for the integration's health. */
export async function testConnection(
  { connect, health, timeoutMs }: TestDeps,
  integration: IntegrationRow,
  connector: Connector,
): Promise<ConnectionTest> {
  const began = performance.now()
  const effects = createEffects()
  const ms = (): number => Math.round(performance.now() - began)
  let connection: Connection | undefined
  try {
    const { workspaceId } = integration
    connection = await connect(integration, connector, {
      workspaceId,
      signal: AbortSignal.timeout(timeoutMs),
      dryRun: false,
      readOnly: true,
      effects,
    })
    const { account } = (await connector.test?.(connection.context(undefined))) ?? { account: '' }
    health.succeeded(integration)
    return { ok: true, account: connection.hide(account), ms: ms() }
  } catch (error) {
    const known = shownError(callError(error, effects, connector.title), (value) => connection?.hide(value) ?? value)
    if (known.code === 'internal') throw error
    await health.failed(integration, known)
    const { hint } = known.details
    return { ok: false, ms: ms(), error: { code: known.code, kind: known.entry.kind, detail: known.message, ...(hint ? { hint } : {}) } }
  }
}
