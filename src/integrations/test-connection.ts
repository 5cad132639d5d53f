import { HubError } from '#errors'
import type { Connector } from '#kit'
import type { Connections } from './connection.ts'
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
  const ms = (): number => Math.round(performance.now() - began)
  try {
    const { workspaceId } = integration
    const connection = await connect(integration, connector, {
      workspaceId,
      signal: AbortSignal.timeout(timeoutMs),
      dryRun: false,
      readOnly: true,
    })
    const { account } = (await connector.test?.(connection.context(undefined, undefined))) ?? { account: '' }
    health.succeeded(integration)
    return { ok: true, account, ms: ms() }
  } catch (error) {
    if (!(error instanceof HubError)) throw error
    await health.failed(integration, error)
    const { hint } = error.details
    return { ok: false, ms: ms(), error: { code: error.code, kind: error.entry.kind, detail: error.message, ...(hint ? { hint } : {}) } }
  }
}
