import { hubError } from '#errors'

/** A path with its values encoded, so that none of them can leave its place: path`/repos/${owner}/${repo}`. */
export function path(strings: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return strings.reduce((text, string, index) => text + segment(values[index - 1]!) + string)
}

function segment(value: string | number): string {
  const text = String(value)
  // Encoded or not, these climb: URL parsers treat `.` and `..` as steps, `%2e` too.
  if (text === '' || text === '.' || text === '..') throw hubError('invalid_input', { detail: `"${text}" cannot stand in an address` })
  return encodeURIComponent(text)
}

/** The `rel="next"` address of a Link header. */
export function nextLink(headers: Readonly<Record<string, string>>): string | undefined {
  return /<([^>]+)>\s*;[^,]*\brel="?next"?/i.exec(headers['link'] ?? '')?.[1]
}
