import { fullFormats } from 'ajv-formats/dist/formats.js'
import type { Format } from 'ajv/dist/2020.js'
import { RE2JS } from 're2js'
import { formatNames } from './format-names.ts'

/** A regular expression whose time is proportional to the length of the text. Throws if it needs more, such as a look-ahead. */
export function linearRegExp(pattern: string, flags = ''): { test(text: string): boolean } {
  const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern), flags.includes('i') ? RE2JS.CASE_INSENSITIVE : 0)
  // The compiler tells regular expressions apart by their text.
  return { test: (text) => compiled.test(text), toString: () => `${flags}/${pattern}` } as { test(text: string): boolean }
}

const given: Readonly<Record<string, Format>> = fullFormats

const duration = linearRegExp(String.raw`^P(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?)$`)
const hostname = linearRegExp(String.raw`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([-0-9a-z]{0,61}[0-9a-z])?)*\.?$`, 'i')
const url = linearRegExp(String.raw`^(https?|ftp)://[^\s/?#]+\S*$`, 'i')

/** The formats whose usual expressions look ahead. */
const own: Readonly<Record<string, Format>> = {
  duration: (text: string) => duration.test(text) && !/[PT]$/.test(text),
  hostname: (text: string) => text.length <= 254 && hostname.test(text),
  url: (text: string) => url.test(text),
  // The usual function tests with a regular expression of its own.
  uri: (text: string) => /[/:]/.test(text) && uri.test(text),
  regex: (text: string) => {
    try {
      linearRegExp(text)
      return true
    } catch {
      return false
    }
  },
}
const uri = linearRegExp((given['uri-reference'] as RegExp).source.replace('^(?:[a-z][a-z0-9+\\-.]*:)?', '^(?:[a-z][a-z0-9+\\-.]*:)'), 'i')

/** All formats, on regular expressions of linear time. */
export const linearFormats: Readonly<Record<string, Format>> = Object.fromEntries(
  [...formatNames].map((name) => [name, own[name] ?? linear(given[name]!)]),
)

function linear(format: Format): Format {
  if (!(format instanceof RegExp)) return format
  const made = linearRegExp(format.source, format.flags)
  return (text: string) => made.test(text)
}
