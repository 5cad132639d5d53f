import { sha256 } from '#lib/canonical'

/** The limit of OpenAI and Anthropic, whose names are made of letters, digits, `_` and `-`. */
const maxLength = 64
const digestLength = 8

/** The name of a tool for APIs with narrow names: its own, unless it is too long or has other characters. */
export function modelName(name: string): string {
  if (/^[a-zA-Z0-9_-]{1,64}$/.test(name)) return name
  const kept = name.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, maxLength - digestLength - 1)
  return `${kept}_${sha256(name).slice(0, digestLength)}`
}

/** Whether a name may be one that `modelName` made, so that only such names are looked up among all tools. */
export function isMadeName(name: string): boolean {
  return name.length <= maxLength && /_[0-9a-f]{8}$/.test(name)
}
