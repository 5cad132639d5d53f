import type { Values } from '#forms'

/** Arguments as text: the form and the JSON field are two views of it, so that switching loses nothing. */
export type ReadArguments = { readonly values: Values } | { readonly problem: string }

export function readArguments(text: string): ReadArguments {
  try {
    const value: unknown = JSON.parse(text.trim() === '' ? '{}' : text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return { problem: 'arguments are an object in braces' }
    return { values: value as Values }
  } catch (error) {
    return { problem: (error as Error).message }
  }
}

export function argumentsText(values: Values): string {
  return JSON.stringify(values, null, 2)
}

/** Also where the browser offers no `randomUUID`, because the hub is reached without TLS. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return `console-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
