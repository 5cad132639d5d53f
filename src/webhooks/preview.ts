import type { Principal } from '#access'
import { fitsType, toCloudEvent, type Events, type HubEvent } from '#events'
import type { Expressions } from '#expressions'
import type { IntegrationRow, Integrations } from '#integrations'
import { hubError } from '#errors'
import { readable, type Connector, type Delivery } from '#kit'
import type { Reader } from './reader.ts'
import { sampleOf } from './samples.ts'

/** What a sample or a stored event would become. */
export interface Preview {
  readonly type: string
  readonly subject: string | null
  readonly data: unknown
  readonly matches: { kind: string; target: string }[]
}

interface PreviewDeps {
  readonly integrations: Integrations
  readonly events: Events
  readonly expressions: Expressions
  readonly reader: Reader
}

/** Without any, the last delivery of the integration, or the first sample of its connector. */
export type Sample = Delivery | { readonly eventId: string } | { readonly sampleOf: string } | undefined

/** Transforms and matches a sample. Nothing is stored and no subscriber gets it. */
export function createPreview({ integrations, events, expressions, reader }: PreviewDeps) {
  return async ({ workspaceId }: Principal, ref: string, sample: Sample): Promise<Preview> => {
    const row = await integrations.get(workspaceId, ref)
    const connector = integrations.connector(row.connector)
    if (!connector.webhook) throw hubError('invalid_input', { detail: `${connector.title} sends no webhooks` })
    const delivery = await deliveryOf(row, connector, sample)
    const reading = await reader.readSample({ workspaceId, connector, config: row.config }, delivery)
    if (!reading)
      throw hubError('invalid_input', {
        detail: 'the body does not have the format that its content type names',
        errors: [{ path: 'body', message: 'is not JSON' }],
      })
    const { data, subject = null, type = typeOf(connector, row, delivery) } = reading
    const event: HubEvent = {
      id: 'evt_sample',
      workspaceId,
      type,
      subject,
      data,
      connector: row.connector,
      replays: 0,
      receivedAt: new Date(),
      integrationId: row.id,
      integration: row.name,
    }
    const matches: { kind: string; target: string }[] = []
    for (const { types, filter, kind, target } of await events.subscriptions(workspaceId)) {
      if (!fitsType(type, types)) continue
      if (filter !== null && (await expressions.evaluate(filter, { event: toCloudEvent(event) }, { workspaceId })) !== true) continue
      matches.push({ kind, target })
    }
    return { type, subject, data, matches }
  }

  async function deliveryOf({ id, workspaceId }: IntegrationRow, connector: Connector, sample: Sample): Promise<Delivery> {
    if (sample) {
      if ('sampleOf' in sample) return sampleOf(connector, sample.sampleOf)
      return 'eventId' in sample ? stored(workspaceId, sample.eventId) : sample
    }
    const [last] = await events.list(workspaceId, { integration: id, connector: connector.name }, { limit: 1 })
    if (last) return stored(workspaceId, last.id)
    if (connector.webhook?.samples) return sampleOf(connector, undefined)
    throw hubError('invalid_input', { errors: [{ path: 'body', message: 'is missing, and this hook has received nothing yet' }] })
  }

  async function stored(workspaceId: string, id: string): Promise<Delivery> {
    const { headers, body } = await events.get(workspaceId, id)
    return { headers: (headers ?? {}) as Delivery['headers'], body: body ?? Buffer.alloc(0) }
  }
}

function typeOf(connector: Connector, { name, config }: IntegrationRow, delivery: Delivery): string {
  return `${connector.name}.${connector.webhook!.identify(readable(delivery), { name, config }).type}`
}
