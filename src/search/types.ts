import type { Transaction } from '#db'

/** A searchable piece of a document. */
export interface ChunkToIndex {
  readonly kind: string
  /** The headings above it. */
  readonly heading: string
  readonly text: string
  readonly fromLine: number
  readonly toLine: number
}

export interface OutlineEntry {
  readonly level: number
  readonly title: string
  readonly line: number
}

/** A document with everything that is to be stored of it. */
export interface DocumentToIndex {
  readonly externalId: string
  readonly type: string
  readonly title: string
  readonly url?: string | undefined
  readonly path?: string | undefined
  readonly author?: string | undefined
  readonly createdAt?: Date | undefined
  readonly updatedAt?: Date | undefined
  readonly content: string
  /** Why a part of it is missing. */
  readonly truncated?: string | undefined
  readonly outline: readonly OutlineEntry[]
  readonly chunks: readonly ChunkToIndex[]
  /** The key of those who may read it. */
  readonly audience: string
}

/** A document and its part of the index, made outside of any transaction. */
export interface PreparedDocument extends DocumentToIndex {
  readonly contentHash: string
  readonly postings: readonly Posting[]
  /** How many terms it has. */
  readonly size: number
  readonly outlineSize: number
  /** Sentences of it that say most about it. */
  readonly summary: string
  /** The same of each chunk. */
  readonly gists: readonly string[]
}

export interface Posting {
  readonly term: string
  readonly frequency: number
  readonly outline: number
  readonly hits: Buffer
}

/** Where documents are stored. */
export interface IndexPlace {
  readonly workspaceId: string
  readonly sourceId: string
}

export interface PutCounts {
  readonly added: number
  readonly changed: number
  readonly unchanged: number
}

export interface Removal {
  readonly externalId: string
  /** When somebody noticed that it is gone. */
  readonly noticedAt: Date
}

/** The stored documents and their index. */
export interface Index {
  prepare(document: DocumentToIndex): PreparedDocument
  /** Stores documents in the caller's transaction. One whose content is the same is not written again. */
  put(trx: Transaction, place: IndexPlace, documents: readonly PreparedDocument[]): Promise<PutCounts>
  /** Removes documents, and leaves a tombstone of each. Returns how many there were. */
  remove(trx: Transaction, place: IndexPlace, gone: { readonly removals: readonly Removal[]; readonly reason: string }): Promise<number>
}
