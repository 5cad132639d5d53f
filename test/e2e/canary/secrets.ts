import { randomBytes } from 'node:crypto'

/** Values that must turn up nowhere, in whatever spelling. */
export interface Canaries {
  /** A new secret; `where` says where it was put in. */
  mint(where: string): string
  /** One that the hub made itself: a token's value. */
  add(where: string, value: string): void
  readonly count: number
  /** Where the secrets found in a text had been put in, and in which spelling they were found. */
  findIn(text: string): string[]
}

export function createCanaries(): Canaries {
  const spellings: { where: string; spelling: string; text: string }[] = []
  let count = 0

  const add = (where: string, value: string): void => {
    count += 1
    const bytes = Buffer.from(value)
    const all = {
      plain: value,
      reversed: [...value].toReversed().join(''),
      hex: bytes.toString('hex'),
      'upper case hex': bytes.toString('hex').toUpperCase(),
    }
    for (const [spelling, text] of Object.entries(all)) spellings.push({ where, spelling, text })
    // Base64 depends on what stands before: three alignments, without the letters at the borders that neighbours share.
    for (const shift of [0, 1, 2]) {
      const coded = Buffer.concat([Buffer.alloc(shift), bytes])
        .toString('base64')
        .replace(/=+$/, '')
      spellings.push({ where, spelling: 'base64', text: coded.slice(shift === 0 ? 0 : 4, -4) })
    }
  }

  return {
    add,
    mint(where) {
      const value = `Cnry${randomBytes(15).toString('hex')}`
      add(where, value)
      return value
    },
    get count() {
      return count
    },
    findIn: (text) => spellings.filter((each) => text.includes(each.text)).map(({ where, spelling }) => `${where} (${spelling})`),
  }
}
