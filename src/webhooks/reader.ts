import type { Reading, StoredEvent } from '#events'
import type { Expressions } from '#expressions'
import type { Integrations } from '#integrations'
import { readable, type Connector, type Delivery } from '#kit'
import { ttlCache } from '#lib/ttl-cache'

const transformMs = 1000
const cacheTtlMs = 500

export interface ReaderDeps {
  readonly integrations: Integrations
  readonly expressions: Expressions
}

export interface Reader {
  /** Reads a stored delivery with its connector and applies its hook's transformation. */
  read(event: StoredEvent): Promise<Reading | undefined>
  /** Does the same with a sample. */
  readSample(hook: Hook, delivery: Delivery): Promise<Reading | undefined>
}

interface Hook {
  readonly workspaceId: string
  readonly connector: Connector
  readonly config: Readonly<Record<string, unknown>>
}

export function createReader({ integrations, expressions }: ReaderDeps): Reader {
  const configs = ttlCache(
    cacheTtlMs,
    async (key: string) => {
      const [workspaceId = '', id = ''] = key.split(' ')
      // A deleted integration has no settings, but its events are kept.
      return (await integrations.find(workspaceId, id))?.config ?? {}
    },
    { version: integrations.changes },
  )

  const readSample: Reader['readSample'] = async ({ workspaceId, connector, config }, delivery) => {
    const { headers, body } = delivery
    const data = readable(delivery).json()
    const transform = connector.webhook?.transform?.(config)
    if (transform === undefined) {
      if (data === undefined) return body.length === 0 ? { data: null } : undefined
      const subject = connector.webhook?.subject?.(data, headers)
      return { data, ...(subject === undefined ? {} : { subject }) }
    }
    // A transformation can parse a body that is not JSON.
    const input = { body: data ?? body.toString(), headers }
    return { ...shaped(await expressions.evaluate(transform, input, { workspaceId, timeoutMs: transformMs }), connector.name), transform }
  }

  return {
    readSample,
    async read({ connector: name, workspaceId, integrationId, headers, body }) {
      const connector = integrations.connectors.find((known) => known.name === name)
      if (!connector || body === null) return undefined
      const config = integrationId === null ? {} : await configs.get(`${workspaceId} ${integrationId}`)
      return readSample({ workspaceId, connector, config }, { headers: (headers ?? {}) as Delivery['headers'], body })
    },
  }
}

/** The result of a transformation is the event's data, unless it has the form `{type, subject, data}`. */
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
