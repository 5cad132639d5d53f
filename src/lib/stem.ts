/** A light stem: the same for the forms of a word, and not itself a word. Texts and requests are stemmed alike. */
export function stemOf(word: string): string {
  const plain = /^[a-z]*$/.test(word) ? word : word.normalize('NFD').replaceAll(/\p{M}/gu, '')
  if (plain.length < 4) return plain
  const singular = withoutPlural(plain)
  const bare = withoutEnding(singular)
  return bare
    .replace(/(?![aeiouy]|[lsz])(\p{L})\1$/u, '$1')
    .replace(/(?<=...)e$/u, '')
    .replace(/(?<=..)y$/u, 'i')
    .replace(/(?<=...)iz$/u, 'is')
}

function withoutPlural(word: string): string {
  if (word.endsWith('ies') && word.length > 4) return `${word.slice(0, -3)}y`
  if (/(?:ch|sh|ss|x)es$/u.test(word)) return word.slice(0, -2)
  if (word.endsWith('s') && !/(?:ss|us|is)$/u.test(word)) return word.slice(0, -1)
  return word
}

function withoutEnding(word: string): string {
  for (const [ending, least] of [
    ['ing', 3],
    ['ed', 3],
    ['er', 5],
    // Not "nightly", which is something else than "night".
    ['ly', 6],
  ] as const) {
    const kept = word.slice(0, -ending.length)
    if (word.endsWith(ending) && kept.length >= least && /[aeiouy]/u.test(kept)) return kept
  }
  return word
}
