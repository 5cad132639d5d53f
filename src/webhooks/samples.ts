import { randomInt } from 'node:crypto'
import type { Principal } from '#access'
import { hubError } from '#errors'
import type { IntegrationRow, Integrations } from '#integrations'
import { sign, type Connector, type Delivery } from '#kit'
import type { Candidate, Hooks, Signers } from './hooks.ts'
import type { Receive } from './receive.ts'

/** Which sample of a connector: the first one where no type of event is named. */
export function sampleOf({ name, title, webhook }: Connector, type: string | undefined): Delivery {
  const samples = Object.entries(webhook?.samples ?? {})
  const found = type === undefined ? samples[0] : samples.find(([key]) => key === type || `${name}.${key}` === type)
  if (!found) {
    const known = samples.map(([key]) => key)
    throw hubError('invalid_input', {
      detail: known.length === 0 ? `${title} declares no sample` : `${title} has no sample of "${type}"; there are: ${known.join(', ')}`,
    })
  }
  const { headers, body } = found[1](Date.now() * 1000 + randomInt(1000))
  return { headers, body: Buffer.from(JSON.stringify(body)) }
}

interface SamplesDeps {
  readonly integrations: Integrations
  readonly hooks: Hooks
  readonly accept: Receive['accept']
}

/** The header by which the event of a sample can be told from others. */
const sampleHeader = 'hub-sample'

/** Sends a sample as the outside system would: signed with the secret of the integration, and through every check. */
export function createSendSample({ integrations, hooks, accept }: SamplesDeps) {
  return async ({ workspaceId }: Principal, ref: string, type: string | undefined): Promise<{ eventId: string }> => {
    const row = await integrations.get(workspaceId, ref)
    const connector = integrations.connector(row.connector)
    if (!connector.webhook) throw hubError('invalid_input', { detail: `${connector.title} sends no webhooks` })
    const sample = sampleOf(connector, type)
    const { secret, schemes } = await signerOf(row)
    // Some systems sign with a secret of a certain form, and send any other one as it is.
    const scheme = schemes.find(({ kind }) => kind !== 'standard' || /^wh(?:sec|sk)_/.test(secret)) ?? schemes[0]!
    const signed = sign(scheme, { body: sample.body, secret, now: Date.now() })
    const headers = { 'content-type': 'application/json', ...sample.headers, ...signed.headers, [sampleHeader]: 'true' }
    const { eventId } = await accept({ hook: row.id, address: '127.0.0.1', headers, body: signed.body })
    if (eventId === undefined) throw new Error(`the sample of ${connector.name} does not become an event of its own`)
    return { eventId }
  }

  async function signerOf({ id, name }: IntegrationRow): Promise<Pick<Candidate, 'secret'> & Pick<Signers, 'schemes'>> {
    for (const { schemes, candidates } of (await hooks.findFresh(id))?.signers ?? []) {
      const own = candidates.find(({ integration }) => integration?.id === id)
      if (own) return { secret: own.secret, schemes }
    }
    throw hubError('credential_missing', {
      detail: `integration "${name}" has no webhook secret, so every delivery is refused`,
      hint: `make one: PATCH /api/v1/integrations/${id} {"config": {"webhook_secret": "…"}}, or "Make a secret" on its page`,
    })
  }
}
