import { mostCharacters, wantedCharacters, type Chunk, type Processed } from './types.ts'

/** Cuts code or text without marks at empty lines, and otherwise at lines. */
export function chunkPlain(text: string, kind: 'text' | 'code'): Processed {
  const lines = text.split(/\r\n|\r|\n/)
  const chunks: Chunk[] = []
  let from = 0
  let length = 0
  const close = (end: number): void => {
    const held = lines.slice(from, end)
    if (held.some((line) => line.trim() !== ''))
      for (const piece of pieces(held.join('\n'))) chunks.push({ kind, heading: '', text: piece, fromLine: from + 1, toLine: end })
    from = end
    length = 0
  }
  for (const [at, line] of lines.entries()) {
    const isBreak = line.trim() === '' && length > wantedCharacters / 2
    if (at > from && (isBreak || length + line.length > wantedCharacters)) close(at)
    length += line.length + 1
  }
  close(lines.length)
  return { chunks, outline: [] }
}

/** A single line may be longer than a chunk. */
function pieces(text: string): string[] {
  if (text.length <= mostCharacters) return [text]
  return Array.from({ length: Math.ceil(text.length / mostCharacters) }, (_, n) => text.slice(n * mostCharacters, (n + 1) * mostCharacters))
}
