import { htmlToMarkdown } from '#lib/html-to-markdown'
import type { Text } from './types.ts'

/** A page as Markdown, which is what is stored of it, so that citations name its lines. */
export async function readPage({ text: html, problem }: Text, base: string | undefined): Promise<Text> {
  const { markdown, isCut } = await htmlToMarkdown(html, { base })
  const cut = isCut ? 'the page is too large, so only its beginning is indexed' : undefined
  const missing = problem ?? cut
  return { text: markdown, ...(missing === undefined ? {} : { problem: missing }) }
}
