import { mapTexts } from './json-values.ts'

export type SecretValue = string | number

/** Values that are shown to nobody, and their replacement. */
export interface SecretValues {
  readonly values: readonly SecretValue[]
  /** The value with every secret in it replaced, in each form in which it may be sent. */
  hide<T>(value: T): T
}

export const noSecrets: SecretValues = { values: [], hide: (value) => value }

/** A shorter text may be an ordinary word or a part of one, and removing it would damage texts. It is replaced where it stands alone. */
export const shortestInText = 8

/** The forms in which a secret is sent: plain, in a URL, in JSON, in base64, and in base64 behind other text, such as a user name. */
export function formsOf(secret: string): string[] {
  const encoded = encodeURIComponent(secret.toWellFormed())
  const bytes = Buffer.from(secret)
  const forms = [secret, encoded, encoded.replaceAll('%20', '+'), JSON.stringify(secret).slice(1, -1), bytes.toString('base64')]
  for (const shift of [0, 1, 2]) {
    const shifted = Buffer.concat([Buffer.alloc(shift), bytes])
    // Without the letters that it shares with its neighbours.
    const inner = shifted.toString('base64').slice(Math.ceil((shift * 8) / 6), Math.floor((shifted.length * 8) / 6))
    forms.push(inner, inner.replaceAll('+', '-').replaceAll('/', '_'))
  }
  return [...new Set(forms)].filter(({ length }) => length >= shortestInText)
}

export function createSecretValues(values: readonly SecretValue[], mark: (value: SecretValue) => string): SecretValues {
  if (values.length === 0) return noSecrets
  const alone = new Map(values.map((value) => [String(value), mark(value)]))
  const within = [...alone]
    .filter(([text]) => text.length >= shortestInText)
    .flatMap(([text, shown]) => formsOf(text).map((form) => [form, shown] as const))
    // A secret may contain another one. The longer one goes first, so that nothing of it is left.
    .toSorted(([a], [b]) => b.length - a.length)
  const hideText = (text: string): string => alone.get(text) ?? within.reduce((clean, [form, shown]) => clean.replaceAll(form, shown), text)
  return { values, hide: <T>(value: T): T => mapTexts(value, hideText, (number) => alone.get(String(number)) ?? number) as T }
}
