import { hubError } from '#errors'

/** Builds a path such as path`/repos/${owner}/${repo}`. Values are encoded, so that a value cannot add or remove path segments. */
export function path(strings: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return strings.reduce((text, string, index) => text + segment(values[index - 1]!) + string)
}

function segment(value: string | number): string {
  const text = String(value)
  // URL parsers resolve `.` and `..` even when they are encoded as `%2e`.
  if (text === '' || text === '.' || text === '..')
    throw hubError('invalid_input', { detail: `"${text}" cannot be used as a part of a path` })
  return encodeURIComponent(text)
}

/** The URL that the Link header marks with `rel="next"`. */
export function nextLink(headers: Readonly<Record<string, string>>): string | undefined {
  return /<([^>]+)>\s*;[^,]*\brel="?next"?/i.exec(headers['link'] ?? '')?.[1]
}
