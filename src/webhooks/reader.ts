import type { Reading, WholeEvent } from '#events'
import type { Expressions } from '#expressions'
import type { Integrations } from '#integrations'
import { readable, type Connector, type Delivery } from '#kit'
import { ttlCache } from '#lib/ttl-cache'

const transformMs = 1000
const cacheTtlMs = 1000

export interface ReaderDeps {
  readonly integrations: Integrations
  readonly expressions: Expressions
}

export interface Reader {
  /** What a stored delivery says, as its connector reads it and its hook's transformation shapes it. */
  read(event: WholeEvent): Promise<Reading | undefined>
  /** The same of a sample. */
  readSample(connector: Connector, config: Readonly<Record<string, unknown>>, delivery: Delivery): Promise<Reading | undefined>
}

export function createReader({ integrations, expressions }: ReaderDeps): Reader {
  const configs = ttlCache(cacheTtlMs, async (key: string) => {
    const [workspaceId = '', id = ''] = key.split(' ')
    // An integration that is gone has no settings any more; its events stay.
    return (await integrations.find(workspaceId, id))?.config ?? {}
  })

  const readSample: Reader['readSample'] = async (connector, config, delivery) => {
    const { headers, body } = delivery
    const data = readable(delivery).json()
    const transform = connector.webhook?.transform?.(config)
    if (transform === undefined) {
      if (data === undefined) return body.length === 0 ? { data: null } : undefined
      const subject = connector.webhook?.subject?.(data, headers)
      return { data, ...(subject === undefined ? {} : { subject }) }
    }
    // A transformation may take apart what is no JSON.
    const input = { body: data ?? body.toString(), headers }
    return { ...shaped(await expressions.evaluate(transform, input, { timeoutMs: transformMs }), connector.name), transform }
  }

  return {
    readSample,
    async read({ connector: name, workspaceId, integrationId, headers, body }) {
      const connector = integrations.connectors.find((known) => known.name === name)
      if (!connector || body === null) return undefined
      const config = integrationId === null ? {} : await configs.get(`${workspaceId} ${integrationId}`)
      return readSample(connector, config, { headers: (headers ?? {}) as Delivery['headers'], body })
    },
  }
}

/** What a transformation answers is the data; or, where it answers `{type, subject, data}`, it says more. */
function shaped(result: unknown, connector: string): Reading {
  if (typeof result !== 'object' || result === null || !('data' in result)) return { data: result ?? null }
  const { type, subject, data, ...rest } = result as Record<string, unknown>
  if (Object.keys(rest).length > 0) return { data: result }
  return {
    data: data ?? null,
    ...(typeof type === 'string' && type !== '' ? { type: `${connector}.${type}` } : {}),
    ...(typeof subject === 'string' ? { subject } : {}),
  }
}
