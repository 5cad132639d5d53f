// cspell:ignoreRegExp /[\u0400-\u04ff]+/
import { stemOf } from '#lib/stem'

/** Letters and digits, with what joins them to one name. An apostrophe inside a word belongs to it, as in Ukrainian. */
const name = /[\p{L}\p{N}][\p{L}\p{M}\p{N}'’ʼ._/-]*/gu
const part = /\p{Lu}+(?=\p{Lu}\p{Ll})|\p{Lu}?\p{Ll}[\p{Ll}\p{M}]*|\p{Lu}+|\p{Lo}[\p{Lo}\p{M}]*|\p{N}+/gu
const mostLetters = 64
/** A name of more parts counts by its parts only. */
const mostJoined = 8
const longestName = 512

/** Words of English and Ukrainian that say nothing about the subject of a text. */
const common = new Set(
  `a an and are as at be been but by can could did do does for from had has have how i if in into is it its me my no not of on or our so some
   such than that the their them then there these they this those to was we were what when where which who why will with would you your
   а але б без був була були було в вже ви від він вона вони воно все для до ж з за і із й його їх її коли ми на над не ні о об один по при
   про та так те ти то тобто тому у це цей ця чи що щоб як яка який які`.split(/\s+/),
)

/** The names of a text repeat, and each takes several regular expressions. */
const remembered = new Map<string, readonly string[]>()
const mostRemembered = 100_000

/**
 * The terms of a text, in its order: what the index stores and what a query looks for. A name such as `getUserName`, `user_name` or
 * `src/db/pool.ts` gives its parts and, in one piece, the whole.
 */
export function termsOf(text: string): string[] {
  const terms: string[] = []
  for (const [found] of text.normalize('NFKC').matchAll(name)) {
    let known = remembered.get(found)
    if (known === undefined) {
      known = termsOfName(found.slice(0, longestName))
      if (remembered.size >= mostRemembered) remembered.clear()
      if (found.length <= longestName) remembered.set(found, known)
    }
    for (const term of known) terms.push(term)
  }
  return terms
}

function termsOfName(found: string): string[] {
  const parts = partsOf(found)
  const terms = parts.map((piece) => piece.toLowerCase()).filter((piece) => !common.has(piece))
  const stems = terms.map(stemmed)
  if (parts.length > 1 && parts.length <= mostJoined) stems.push(joined(found))
  return stems.map((term) => term.slice(0, mostLetters))
}

function partsOf(found: string): string[] {
  const pieces = found.replaceAll(/['’ʼ]/gu, '').match(part) ?? []
  return pieces.flatMap((piece) => (withoutSpaces.test(piece) ? pairsOf(piece) : [piece]))
}

/** Scripts that put no spaces between words: every two neighbours are a term. */
const withoutSpaces = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}]/u

function pairsOf(piece: string): string[] {
  const letters = Array.from(piece)
  return letters.length < 2 ? [piece] : letters.slice(1).map((letter, at) => letters[at]! + letter)
}

const joined = (found: string): string => found.replaceAll(/[^\p{L}\p{M}\p{N}]/gu, '').toLowerCase()

function stemmed(word: string): string {
  if (/^[a-z]+$/.test(word)) return stemOf(word)
  return /^[\u0400-\u04ff]+$/u.test(word) ? stemOfUkrainian(word) : word
}

/** Endings of nouns, adjectives and verbs, the longest first. */
const endings =
  /(?:уватися|юватися|ування|ювання|увати|ювати|ються|ється|ність|ності|ністю|іями|енням|анням|інням|ення|ання|іння|ями|ами|ого|ому|ими|іми|ові|еві|єві|ати|ити|іти|ією|іях|іям|ють|уть|ять|ать|ий|ій|их|іх|ої|ою|ею|єю|ів|їв|ях|ах|ам|ям|ом|ем|єм|им|ім|ти|ла|ло|ли|ся|сь|ії|ія|ію|а|я|о|е|є|и|і|ї|у|ю|ь|й)$/u

function stemOfUkrainian(word: string): string {
  const stem = word.replace(endings, '')
  return stem.length >= 3 ? stem : word
}
