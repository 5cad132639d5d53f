import { hash } from 'node:crypto'
import type { Delivery, Readable } from './types.ts'

/** Code that processes the event later is recursive and may have a smaller stack than the parser. */
const maxDepth = 200

/** Adds the digest and the parsed body, each computed on first use and at most once. */
export function readable(delivery: Delivery): Readable {
  let digest: string | undefined
  let parsed: { value: unknown } | undefined
  return {
    ...delivery,
    get digest() {
      return (digest ??= hash('sha256', delivery.body, 'hex'))
    },
    json: () => (parsed ??= { value: parse(delivery) }).value,
  }
}

function parse({ headers, body }: Delivery): unknown {
  const type = headers['content-type']
  const text = body.toString()
  if (typeof type === 'string' && /^application\/x-www-form-urlencoded\b/i.test(type)) return parseForm(text)
  return parseJson(text)
}

/** GitHub and Slack send JSON in the field `payload`. Slack's commands are sent as plain form fields. */
function parseForm(text: string): unknown {
  const fields = Object.fromEntries(new URLSearchParams(text))
  return fields['payload'] === undefined ? fields : parseJson(fields['payload'])
}

function parseJson(text: string): unknown {
  try {
    const value = JSON.parse(text) as unknown
    return isDeeper(value, maxDepth) ? undefined : value
  } catch {
    // Callers handle undefined: they store the body as text and mark it as not JSON.
    return undefined
  }
}

/** Checks the parsed value and not the text, because it has far fewer values than the text has characters. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1))
}
