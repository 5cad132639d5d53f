import assert from 'node:assert/strict'
import { join } from 'node:path'
import { upstream, type RecordedRequest, type Scripted, type Upstream } from '#kit/testing'
import { testHub, type TestHub } from './hub.ts'

export const toolEnvironment = {
  HUB_CONNECTORS: join(import.meta.dirname, 'connector'),
  HUB_EGRESS_ALLOW: '127.0.0.1',
  MAX_RETRY_ATTEMPTS: '0',
  INTEGRATION_TIMEOUT: '1.5',
  RATE_LIMIT_PER_MINUTE: '100000',
}

export interface ToolBench extends AsyncDisposable {
  readonly hub: TestHub
  readonly api: Upstream
  answer: (request: RecordedRequest) => Scripted
  invoke(tool: string, body?: object, headers?: Record<string, string>): Promise<{ status: number; body: Record<string, any> }>
}

/** A hub with one integration of the probe connector, against a scripted upstream. */
export async function toolBench(more: Record<string, string> = {}): Promise<ToolBench> {
  const stack = new AsyncDisposableStack()
  const made: ToolBench = {
    answer: () => ({ body: { ok: 1 } }),
    api: stack.use(await upstream((request) => made.answer(request))),
    hub: stack.use(await testHub({ ...toolEnvironment, ...more })),
    async invoke(tool, body = {}, headers = {}) {
      const reply = await made.hub.with({ headers }).call('POST', `/api/v1/tools/${tool}/invoke`, body)
      return { status: reply.statusCode, body: reply.json<Record<string, unknown>>() }
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
  const connected = await made.hub.call('POST', '/api/v1/integrations', {
    integration_type: 'probe',
    access_token: 'probe-secret-token',
    config: { base_url: made.api.url },
  })
  assert.equal(connected.statusCode, 201, connected.body)
  return made
}
