import type { SourceDocument } from '#kit'
import type { DocumentToIndex } from '#search'
import { readPage } from './html.ts'
import { chunkMarkdown } from './markdown.ts'
import { chunkPlain } from './plain.ts'
import type { Processed, Text } from './types.ts'

/** Longer texts are cut: about 600 pages. */
const mostCharacters = 1_000_000
/** What a position in the index can name. */
const mostChunks = 4000
const mostOutline = 500
const mostTitle = 1000

/** Reads a document of an outside system, which may be anything, and cuts it into chunks. */
export async function processDocument(document: SourceDocument): Promise<DocumentToIndex> {
  const given = readText(document.content)
  const read = document.format === 'html' ? await readPage(given, document.url) : given
  const text = read.text.slice(0, mostCharacters)
  const { chunks, outline } = chunksOf(text, document)
  const cut = read.text.length > mostCharacters ? `only the first ${mostCharacters} characters are indexed` : undefined
  return {
    externalId: document.id,
    type: document.type,
    title: document.title.slice(0, mostTitle),
    url: document.url,
    path: document.path,
    author: document.author,
    createdAt: dateOf(document.createdAt),
    updatedAt: dateOf(document.updatedAt),
    content: text,
    truncated: read.problem ?? document.truncated ?? cut,
    outline: outline.slice(0, mostOutline),
    chunks: chunks.slice(0, mostChunks),
    audience: document.audience,
  }
}

function chunksOf(text: string, { format = 'markdown' }: SourceDocument): Processed {
  if (text.trim() === '') return { chunks: [], outline: [] }
  if (format === 'code' || format === 'text') return chunkPlain(text, format)
  return chunkMarkdown(text)
}

function readText(content: string | Uint8Array): Text {
  if (typeof content === 'string') return { text: content }
  // A file is not always what its name says.
  if (content.subarray(0, 8192).includes(0)) return { text: '', problem: 'this is not text, so only its name is indexed' }
  return { text: new TextDecoder('utf-8').decode(content) }
}

/** An outside system may send anything as a time. */
function dateOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const date = new Date(text)
  const year = date.getUTCFullYear()
  return Number.isNaN(date.getTime()) || year < 1 || year > 9999 ? undefined : date
}
