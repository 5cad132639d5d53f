import { hash } from 'node:crypto'
import type { Delivery, Readable } from './types.ts'

/** What walks an event's data later may have less stack than the parser. */
const deepest = 200

/** The delivery with its body read at most once, and only when somebody asks. */
export function readable(delivery: Delivery): Readable {
  let digest: string | undefined
  let read: { value: unknown } | undefined
  return {
    ...delivery,
    get digest() {
      return (digest ??= hash('sha256', delivery.body, 'hex'))
    },
    json: () => (read ??= { value: parse(delivery) }).value,
  }
}

function parse({ headers, body }: Delivery): unknown {
  const type = headers['content-type']
  const text = body.toString()
  if (typeof type === 'string' && /^application\/x-www-form-urlencoded\b/i.test(type)) return parseForm(text)
  return parseJson(text)
}

/** GitHub and Slack put a JSON text into the field `payload`; Slack's commands are the fields themselves. */
function parseForm(text: string): unknown {
  const fields = Object.fromEntries(new URLSearchParams(text))
  return fields['payload'] === undefined ? fields : parseJson(fields['payload'])
}

function parseJson(text: string): unknown {
  try {
    const value = JSON.parse(text) as unknown
    return isDeeper(value, deepest) ? undefined : value
  } catch {
    // Told by the answer: what is no JSON is kept as it came, and marked.
    return undefined
  }
}

/** Of what is parsed already, which has far fewer values than the text has characters. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1))
}
