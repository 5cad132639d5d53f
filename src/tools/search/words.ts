import { stemOf } from '#lib/stem'

/** A word of a text: its stem, and whether it may be the name of somebody or something because of its capital letter. */
export interface Word {
  readonly stem: string
  readonly isName: boolean
  readonly isCommon: boolean
}

/** Longer texts are cut: a request is short, and what a description says stands at its beginning. */
const mostCharacters = 4000
const mostLetters = 40

/** Words that say little about what is wanted. */
const common = new Set(
  `a about actually also am an and any anyone are as at be been but by can cannot could did do does doing for from get gets got had has have he hello
   her here hey hi him his how i if in into is it its just kindly let like may me mine my need now of on one or our out please pls quick quickly real
   really she should so some than thank thanks that the their them then there these they thing things this those to too up us very want wanna was
   we were what when where which who will with would you your yours`.split(/\s+/),
)

/** The stems of the words of a text, in its order. */
export function wordsOf(text: string): Word[] {
  const normal = text
    .slice(0, mostCharacters)
    .normalize('NFKC')
    .replaceAll(/\be-(?=mail)/giu, 'e')
    .replaceAll(/[’']\p{L}{1,2}(?!\p{L})/gu, ' ')
  const words: Word[] = []
  for (const [word] of normal.matchAll(/\p{L}[\p{L}\p{M}\p{N}]*|\p{N}+/gu)) {
    const short = word.slice(0, mostLetters)
    const lower = short.toLowerCase()
    const isCapital = /^\p{Lu}\p{Ll}/u.test(short)
    words.push({ stem: stemOf(lower), isName: isCapital && words.length > 0, isCommon: common.has(lower) })
  }
  return words
}
