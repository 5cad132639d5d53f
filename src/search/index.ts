import type { Access, People, Principal } from '#access'
import type { Database } from '#db'
import { hubError } from '#errors'
import { createIndex } from './put.ts'
import {
  chunksOf,
  findDocument,
  listDocuments,
  type DocumentFilter,
  type FoundChunk,
  type FoundDocument,
  type WholeDocument,
} from './query-store.ts'
import { createReaders, type Reader } from './reader.ts'
import { createSearcher, type SearchAnswer, type SearchRequest } from './search.ts'
import { insertFeedback, type NewFeedback } from './feedback-store.ts'
import { createIdentities, type Identities } from './identities.ts'
import type { Index } from './types.ts'

export type { IdentityRow } from './identities.ts'
export { allContent } from './reader.ts'
export type { DocumentFilter, FoundChunk, FoundDocument, WholeDocument } from './query-store.ts'
export type { SearchAnswer, SearchHit, SearchRequest } from './search.ts'
export type { DocumentToIndex, Index, IndexPlace, PreparedDocument, PutCounts, Removal } from './types.ts'

/** Who reads, and for which user of an application. */
export interface Asking {
  readonly principal: Principal
  readonly externalUser?: string | undefined
}

/** Documents of outside systems: their index, and search in it. Nobody gets a document that they may not read where it comes from. */
export interface Search {
  readonly index: Index
  /** Who people and tokens are in outside systems. */
  readonly identities: Identities
  find(asking: Asking, request: SearchRequest): Promise<SearchAnswer>
  /** A document by id or address; `not_found` when there is none that the caller may see. */
  get(asking: Asking, ref: string): Promise<WholeDocument>
  list(asking: Asking, page: { filter: DocumentFilter; before: string | undefined; limit: number }): Promise<FoundDocument[]>
  /** The chunks of a document, after a position. */
  chunks(asking: Asking, ref: string, page: { after: number; limit: number }): Promise<FoundChunk[]>
  feedback(asking: Asking, ref: string, feedback: Pick<NewFeedback, 'signal' | 'position' | 'query' | 'comment'>): Promise<string>
}

export interface SearchDeps {
  readonly db: Database
  readonly access: Pick<Access, 'audit'>
  readonly people: Pick<People, 'verifiedAddress'>
}

export function createSearch({ db, access, people }: SearchDeps): Search {
  const readers = createReaders({ people })
  const search = createSearcher({ db })
  const readerOf = ({ principal, externalUser }: Asking): Promise<Reader> => readers.of(principal, externalUser)
  const get = async (asking: Asking, ref: string): Promise<WholeDocument> => {
    const document = await findDocument(db.sql, await readerOf(asking), ref)
    if (!document) throw hubError('not_found', { detail: `there is no document "${ref}" that you may read` })
    return document
  }

  return {
    index: createIndex(),
    identities: createIdentities({ db, access }),
    find: async (asking, request) => search(await readerOf(asking), request),
    get,
    list: async (asking, page) => listDocuments(db.sql, await readerOf(asking), page),
    chunks: async (asking, ref, page) => chunksOf(db.sql, (await get(asking, ref)).number, page),
    async feedback(asking, ref, feedback) {
      const document = await get(asking, ref)
      return insertFeedback(db.sql, asking.principal, document, feedback)
    },
  }
}
