import { createHash } from 'node:crypto'
import { isDeeperThan } from '#lib/json'
import type { Delivery, Readable } from './index.ts'

/** What walks an event's data later may have less stack than the parser. */
const deepest = 200

/** The delivery with its body read at most once, and only when somebody asks. */
export function readable(delivery: Delivery): Readable {
  let digest: string | undefined
  let read: { value: unknown } | undefined
  return {
    ...delivery,
    get digest() {
      return (digest ??= createHash('sha256').update(delivery.body).digest('hex'))
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
  if (isDeeperThan(text, deepest)) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    // Told by the answer: what is no JSON is kept as it came, and marked.
    return undefined
  }
}
