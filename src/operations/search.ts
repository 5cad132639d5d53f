import { z } from 'zod'
import type { DocumentFilter, FoundChunk, FoundDocument, SearchAnswer, WholeDocument } from '#search'
import { operation, plain, toolOperation, view, type Caller } from './operation.ts'
import { idKeys, iso, pageInput, pageOf, rangeInput, rangeOf, readPage, severalTexts, timestamp, valuesOf } from './shared.ts'

const externalUser = z
  .string()
  .min(1)
  .max(200)
  .optional()
  .describe('The user of your application who asks: content of integrations that belong to other users is not found.')

const filters = {
  source: severalTexts(100).optional().describe('Only these sources, by id.'),
  integration: severalTexts(100).optional().describe('Only these integrations, by id or name.'),
  connector: severalTexts(60).optional().describe('Only these systems: github, jira …'),
  type: severalTexts(60).optional().describe('Only these types: issue, pull_request, file, page …'),
  author: z.string().min(1).max(200).optional(),
  path: z.string().min(1).max(500).optional().describe('Only paths that begin so.'),
  ...rangeInput('time of change'),
}

type Filters = { readonly [K in keyof typeof filters]?: z.output<(typeof filters)[K]> }

function filterOf({ source, integration, connector, type, author, path, from, to }: Filters): DocumentFilter {
  return {
    sources: valuesOf(source),
    integrations: valuesOf(integration),
    connectors: valuesOf(connector),
    types: valuesOf(type),
    author,
    path,
    ...rangeOf({ from, to }),
  }
}

const asking = ({ principal }: Caller, user: string | undefined) => ({ principal, externalUser: user })

/** A source that could not be read for this long may have changed since. */
const staleAfterMs = 3_600_000

const documentFields = {
  id: z.string(),
  title: z.string(),
  type: z.string(),
  url: z.string().nullable(),
  path: z.string().nullable(),
  author: z.string().nullable(),
  integration: z.string(),
  connector: z.string(),
  source: z.string(),
  source_id: z.string(),
  created_at: timestamp.nullable(),
  updated_at: timestamp.nullable().describe('When it changed last in the outside system.'),
  indexed_at: timestamp,
  synced_at: timestamp.nullable().describe('When its source was last in step.'),
  stale: z.boolean().describe('Its source could not be read lately, so it may have changed or gone.'),
  truncated: z.string().nullable().describe('Why a part of it is missing.'),
}

function documentJson(document: FoundDocument) {
  const { sourceStatus, syncedAt } = document
  const isOld = syncedAt === null || Date.now() - syncedAt.getTime() > staleAfterMs
  return {
    id: document.id,
    title: document.title,
    type: document.type,
    url: document.url,
    path: document.path,
    author: document.author,
    integration: document.integration,
    connector: document.connector,
    source: document.source,
    source_id: document.sourceId,
    created_at: iso(document.createdAt),
    updated_at: iso(document.updatedAt),
    indexed_at: document.indexedAt.toISOString(),
    synced_at: iso(syncedAt),
    stale: isOld && sourceStatus !== 'syncing',
    truncated: document.truncated,
  }
}

const documentView = view(z.object(documentFields), documentJson)

const chunkFields = {
  position: z.int(),
  kind: z.string(),
  heading: z.string().describe('The headings above it, the outermost first.'),
  from_line: z.int(),
  to_line: z.int(),
  text: z.string(),
  summary: z.string().nullable().describe('The sentence of it that says most.'),
}

function chunkJson({ position, kind, heading, fromLine, toLine, content, summary }: FoundChunk) {
  return { position, kind, heading, from_line: fromLine, to_line: toLine, text: content, summary }
}

const scoreSchema = z.object({
  total: z.number(),
  chunk: z.number(),
  document: z.number(),
  outline: z.number(),
  coverage: z.number(),
  recency: z.number(),
  feedback: z.number(),
  terms: z.array(z.string()),
})

const answerView = view(
  z.object({
    items: z.array(
      z.object({
        document: documentView.schema,
        /** Where in the document the answer is. */
        chunk: z.object(chunkFields).nullable(),
        citation: z.string().describe('How to name it in an answer.'),
        score: z.number(),
        explain: scoreSchema.optional(),
      }),
    ),
    terms: z.array(z.object({ term: z.string(), documents: z.int() })).optional(),
  }),
  ({ answer, explain }: { readonly answer: SearchAnswer; readonly explain: boolean }) => ({
    items: answer.hits.map(({ document, chunk, score }) => ({
      document: documentJson(document),
      chunk: chunk ? chunkJson(chunk) : null,
      citation: citationOf(document, chunk),
      score: rounded(score.total),
      ...(explain ? { explain: explained(score) } : {}),
    })),
    ...(explain ? { terms: answer.terms.map(({ term, documents }) => ({ term, documents })) } : {}),
  }),
)

const rounded = (score: number): number => Math.round(score * 1000) / 1000

function explained({ terms, ...numbers }: SearchAnswer['hits'][number]['score']) {
  const { total, chunk, document, outline, coverage, recency, feedback } = numbers
  return {
    total: rounded(total),
    chunk: rounded(chunk),
    document: rounded(document),
    outline: rounded(outline),
    coverage: rounded(coverage),
    recency: rounded(recency),
    feedback: rounded(feedback),
    terms: [...terms],
  }
}

function citationOf(document: FoundDocument, chunk: FoundChunk | undefined): string {
  const name = document.path ?? document.title
  if (!chunk) return name
  if (chunk.kind === 'code' && document.path !== null) return `${name}, lines ${chunk.fromLine}-${chunk.toLine}`
  return chunk.heading === '' ? `${name}, lines ${chunk.fromLine}-${chunk.toLine}` : `${name}, ${chunk.heading}`
}

export const search = toolOperation({
  name: 'search.query',
  scope: 'content:read',
  effect: 'read',
  summary: 'Search the synced content of the workspace, as far as the caller may read it',
  input: z.strictObject({
    q: z.string().min(1).max(1000).describe('What to look for, in words or names.'),
    limit: z.int().min(1).max(50).default(10),
    ...filters,
    external_user: externalUser,
    explain: z.boolean().default(false).describe('Also say why each result is where it is.'),
  }),
  output: answerView,
  http: { method: 'GET', path: '/api/v1/search' },
  example: { q: 'how to rotate the keys' },
  run: async (context, { q, limit, external_user: user, explain, ...filter }) => ({
    answer: await context.search.find(asking(context, user), { query: q, limit, filter: filterOf(filter) }),
    explain,
  }),
  tool: {
    name: 'search',
    title: 'Search company content',
    description:
      'Searches the synced content of connected systems: issues, pull requests, files, pages, messages. Use it to find what the company knows before asking a system itself. Returns the best passages, each with its document, place and how fresh it is; cite them by `citation` and `document.url`.',
    words:
      'search the docs, find a document, what do we know about, knowledge base, look it up, search everything, find the page, where is it documented, search code, find in issues, company knowledge, internal docs, answer from the documentation, search content, wiki',
    rename: { q: 'query' },
    omit: ['explain'],
    repeatsOutside: true,
    example: { query: 'how to rotate the keys' },
  },
})

const wholeFields = {
  ...documentFields,
  external_id: z.string(),
  summary: z.string().nullable().describe('The sentences of it that say most.'),
  chunks: z.int(),
  content: z.string(),
  from_line: z.int(),
  to_line: z.int(),
  lines: z.int().describe('How many lines the document has.'),
}

interface Part {
  readonly document: WholeDocument
  readonly from: number
  readonly to: number
}

const wholeView = view(z.object(wholeFields), ({ document, from, to }: Part) => {
  const lines = document.content.split('\n')
  const last = Math.min(to, lines.length)
  return {
    ...documentJson(document),
    external_id: document.externalId,
    summary: document.summary,
    chunks: document.chunkCount,
    content: lines.slice(from - 1, last).join('\n'),
    from_line: from,
    to_line: last,
    lines: lines.length,
  }
})

const ref = z.string().min(1).max(2000).describe('Its id, or its address.')

export const getDocument = toolOperation({
  name: 'documents.get',
  scope: 'content:read',
  effect: 'read',
  summary: 'Get a synced document, or some lines of it',
  input: z.strictObject({
    id: ref,
    from_line: z.int().min(1).default(1),
    to_line: z.int().min(1).default(2000),
    external_user: externalUser,
  }),
  output: wholeView,
  http: { method: 'GET', path: '/api/v1/documents/:id' },
  example: { id: 'doc_…' },
  run: async (context, { id, from_line: from, to_line: to, external_user: user }) => ({
    document: await context.search.get(asking(context, user), id),
    from,
    to,
  }),
  tool: {
    name: 'fetch_document',
    title: 'Read a found document',
    description:
      'Reads a document that a search found, by its id or address, whole or from one line to another. Use it when a passage is not enough. Returns its text with the place in the outside system.',
    words: 'read the document, open the page, show the whole file, full text, read more, get the document, fetch the page, read the rest',
    repeatsOutside: true,
    example: { id: 'doc_…' },
  },
})

const outlineView = view(
  z.object({
    ...documentFields,
    summary: z.string().nullable().describe('The sentences of it that say most.'),
    outline: z.array(z.object({ level: z.int(), title: z.string(), line: z.int() })),
  }),
  (document: WholeDocument) => ({
    ...documentJson(document),
    summary: document.summary,
    outline: document.outline.map((entry) => ({ ...entry })),
  }),
)

export const getOutline = toolOperation({
  name: 'documents.outline',
  scope: 'content:read',
  effect: 'read',
  summary: 'Get the headings of a synced document, with their lines',
  input: z.strictObject({ id: ref, external_user: externalUser }),
  output: outlineView,
  http: { method: 'GET', path: '/api/v1/documents/:id/outline' },
  example: { id: 'doc_…' },
  run: (context, { id, external_user: user }) => context.search.get(asking(context, user), id),
  tool: {
    name: 'outline',
    title: 'Outline of a found document',
    description:
      'Lists the headings of a document, or the declarations of a file of code, with their lines. Use it before reading a long document, to read only the part that matters. Returns levels, titles and lines.',
    words:
      'table of contents, headings of the page, structure of the document, what sections are there, outline of the file, which functions',
    repeatsOutside: true,
    example: { id: 'doc_…' },
  },
})

export const listDocuments = operation({
  name: 'documents.list',
  scope: 'content:read',
  effect: 'read',
  summary: 'List synced documents, newest first',
  input: z.strictObject({ ...filters, external_user: externalUser, ...pageInput }),
  output: pageOf(documentView),
  http: { method: 'GET', path: '/api/v1/documents' },
  example: {},
  run: (context, { external_user: user, limit, cursor, ...filter }) =>
    readPage({ limit, cursor }, idKeys('doc'), (range) =>
      context.search.list(asking(context, user), { filter: filterOf(filter), ...range }),
    ),
})

export const listChunks = operation({
  name: 'documents.chunks',
  scope: 'content:read',
  effect: 'read',
  summary: 'List the chunks of a synced document, as search sees them',
  input: z.strictObject({
    id: ref,
    after: z.int().min(-1).default(-1).describe('The position of the last chunk of the page before.'),
    limit: z.int().min(1).max(200).default(50),
    external_user: externalUser,
  }),
  output: plain(z.object({ items: z.array(z.object(chunkFields)) })),
  http: { method: 'GET', path: '/api/v1/documents/:id/chunks' },
  example: { id: 'doc_…' },
  run: async (context, { id, external_user: user, ...page }) => ({
    items: (await context.search.chunks(asking(context, user), id, page)).map(chunkJson),
  }),
})

export const giveFeedback = operation({
  name: 'documents.feedback',
  scope: 'content:read',
  effect: 'write',
  summary: 'Say whether a found document was of use',
  description: 'What was of use comes up earlier in later searches, what was wrong later.',
  input: z.strictObject({
    id: ref,
    signal: z.enum(['up', 'down', 'used', 'wrong']),
    position: z.int().min(0).max(4000).optional().describe('The chunk that it is about.'),
    query: z.string().max(1000).optional(),
    comment: z.string().max(1000).optional(),
    external_user: externalUser,
  }),
  output: plain(z.object({ id: z.string() })),
  http: { method: 'POST', path: '/api/v1/documents/:id/feedback', status: 201 },
  example: { id: 'doc_…', signal: 'used' },
  run: async (context, { id, external_user: user, position = null, query = null, comment = null, signal }) => ({
    id: await context.search.feedback(asking(context, user), id, { signal, position, query, comment }),
  }),
})
