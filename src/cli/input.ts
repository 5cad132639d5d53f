import { text } from 'node:stream/consumers'

/** Reads a JSON object from standard input; undefined when nothing is piped in. */
export async function readPipedJson(): Promise<Record<string, unknown> | undefined> {
  const piped = process.stdin.isTTY ? '' : await text(process.stdin)
  return piped.trim() === '' ? undefined : parseJsonObject(piped, 'standard input')
}

export async function parseJsonObject(source: string, what: string): Promise<Record<string, unknown>> {
  const { hubError } = await import('#errors')
  let value: unknown
  try {
    value = JSON.parse(source)
  } catch {
    // The parser's message quotes the text, which may be a secret.
    throw hubError('bad_json', { detail: `${what} is not valid JSON` })
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw hubError('invalid_input', { detail: `${what}: a JSON object is expected` })
  return value as Record<string, unknown>
}

export function jsonOrText(value: string): unknown {
  try {
    return JSON.parse(value) as unknown
  } catch {
    return value
  }
}
