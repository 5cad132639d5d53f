import type { Principal } from '#access'
import { HubError } from '#errors'
import { DryRun, shownError, type RequestLog } from '#http'
import type { Connection, IntegrationRow, Integrations } from '#integrations'
import { deadline, within } from '#lib/clock'
import { isTooDeep, storable } from '#lib/json-values'
import type { SecretValues } from '#lib/secret-values'
import type { StateBefore } from './store.ts'
import type { Tool } from './tool.ts'

interface Changing {
  readonly principal: Principal
  readonly tool: Tool
  readonly integration: IntegrationRow | undefined
  readonly input: unknown
  readonly secrets: SecretValues
  readonly requests?: RequestLog | undefined
}

/** What a call changes, as it is now. It never fails. */
export type ReadState = (call: Changing, signal?: AbortSignal) => Promise<StateBefore>

/** The call itself waits for it. */
const readMs = 3000
/** The journal keeps it as long as the call. Files of GitHub, which are the longest texts, have a million characters at most. */
const maxCharacters = 1_100_000

export function createReadState({ integrations }: { readonly integrations: Pick<Integrations, 'connect'> }): ReadState {
  return async (call, parent) => {
    using limit = deadline(readMs, parent)
    return await within(readMs, read(call, limit.signal), { problem: `reading it took longer than ${readMs / 1000} s` })
  }

  async function read({ principal, tool, integration, input, secrets, requests }: Changing, signal: AbortSignal): Promise<StateBefore> {
    const { origin, connector } = tool
    if (origin.kind !== 'action' || !origin.action.current) return { problem: `${tool.name} does not say how it is read` }
    let connection: Connection | undefined
    try {
      // As in a dry run, nothing that writes is sent.
      connection = await integrations.connect(integration, connector, {
        workspaceId: principal.workspaceId,
        signal,
        dryRun: true,
        readOnly: false,
        requests,
        purpose: 'state',
      })
      const found = (await origin.action.current(connection.context(input))) ?? null
      if (isTooDeep(found)) return { problem: 'it is nested too deeply' }
      const value = storable(found)
      if (value !== found) return { problem: 'it has characters that cannot be stored' }
      if (connection.hide(secrets.hide(value)) !== value) return { problem: 'a part of it is secret and is not stored' }
      if (JSON.stringify(value).length > maxCharacters) return { problem: 'it is too large to be stored' }
      return { value }
    } catch (thrown) {
      if (thrown instanceof DryRun) return { problem: 'reading it would have changed something' }
      if (!(thrown instanceof HubError)) return { problem: 'reading it failed inside the hub' }
      const hide = <T>(value: T): T => (connection ? connection.hide(secrets.hide(value)) : secrets.hide(value))
      return { problem: `${thrown.code}: ${shownError(thrown, hide).message}` }
    }
  }
}
