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
  const forms = [...alone]
    .filter(([text]) => text.length >= shortestInText)
    .flatMap(([text, shown]) => formsOf(text).map((form) => ({ form, shown, inJson: JSON.stringify(form).slice(1, -1) })))
    // A secret may contain another one. The longer one goes first, so that nothing of it is left.
    .toSorted((a, b) => b.form.length - a.form.length)
  const inJson = [...alone.keys()].map((text) => JSON.stringify(text).slice(1, -1))

  return {
    values,
    hide<T>(value: T): T {
      // Most values have no secret. To look through one text is much faster than through each of many small ones.
      const json = JSON.stringify(value) as string | undefined
      if (json === undefined) return value
      const found = forms.filter((form) => json.includes(form.inJson))
      if (found.length === 0 && !inJson.some((text) => json.includes(text))) return value
      const hideText = (text: string): string =>
        alone.get(text) ??
        found.reduce((clean, { form, shown }) => (clean.length < form.length ? clean : clean.replaceAll(form, shown)), text)
      return mapTexts(value, hideText, (number) => alone.get(String(number)) ?? number) as T
    },
  }
}
