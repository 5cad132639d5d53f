import { randomBytes } from 'node:crypto'

/** Values that must turn up nowhere, in whatever spelling. */
export interface Canaries {
  /** A new secret; `where` says where it was put in. */
  mint(where: string): string
  /** One that was not made here: a key, a token that the hub made. */
  add(where: string, value: string): void
  readonly count: number
  /** Where the secrets found in a text had been put in, and in which spelling they were found. */
  findIn(text: string): string[]
}

const beginning = 'Cnry'

const spell: Readonly<Record<string, (value: string) => string>> = {
  plain: (value) => value,
  reversed: (value) => value.split('').toReversed().join(''),
  hex: (value) => Buffer.from(value).toString('hex'),
  // Whoever writes every character so would also write those of which a canary is made.
  'percent-encoded': (value) => Buffer.from(value).toString('hex').replaceAll(/../g, '%$&'),
  'percent-encoded in upper case': (value) => Buffer.from(value).toString('hex').toUpperCase().replaceAll(/../g, '%$&'),
  'JSON escapes': (value) => Buffer.from(value).toString('hex').replaceAll(/../g, '\\u00$&'),
  'upper case hex': (value) => Buffer.from(value).toString('hex').toUpperCase(),
  // Base64 depends on what stands before: three alignments, without the letters that neighbours share.
  base64: (value) => base64(0, value),
  'base64 behind 1': (value) => base64(1, value),
  'base64 behind 2': (value) => base64(2, value),
}

function base64(shift: number, value: string): string {
  const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)])
  return bytes.toString('base64').slice(Math.ceil((shift * 8) / 6), Math.floor((bytes.length * 8) / 6))
}

export function createCanaries(): Canaries {
  const known: { where: string; value: string }[] = []
  const others: { where: string; value: string }[] = []

  return {
    mint(where) {
      const value = `${beginning}${randomBytes(15).toString('hex')}`
      known.push({ where, value })
      return value
    },
    add: (where, value) => void others.push({ where, value }),
    get count() {
      return known.length + others.length
    },
    findIn: (text) =>
      Object.entries(spell).flatMap(([spelling, write]) => {
        // All that were minted begin alike: where that is not to be found, none is.
        const candidates = text.includes(write(beginning)) ? [...known, ...others] : others
        return candidates.filter(({ value }) => text.includes(write(value))).map(({ where }) => `${where} (${spelling})`)
      }),
  }
}
