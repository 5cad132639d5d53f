import type { Transaction } from '#db'
import {
  addToSizes,
  addToTerms,
  audienceIds,
  deleteDocuments,
  deleteTombstones,
  insertDocuments,
  lockDocuments,
  putChunks,
  putPostings,
  putSummaries,
  touchDocuments,
  updateDocument,
  workspaceNumber,
  type StoredDocument,
} from './put-store.ts'
import { prepareDocument } from './prepare.ts'
import type { Index, PreparedDocument } from './types.ts'

export function createIndex(): Index {
  return {
    prepare: prepareDocument,

    async put(trx, place, given) {
      // The last one counts where a page names a document twice.
      const documents = new Map(given.map((document) => [document.externalId, document]))
      if (documents.size === 0) return { added: 0, changed: 0, unchanged: 0 }
      const externalIds = [...documents.keys()]
      const workspace = await workspaceNumber(trx, place.workspaceId)
      const audiences = await audienceIds(trx, place.sourceId, [...new Set(given.map(({ audience }) => audience))])
      const stored = new Map((await lockDocuments(trx, place.sourceId, externalIds)).map((row) => [row.externalId, row]))
      const toStore = (document: PreparedDocument) => ({ document, audienceId: audiences.get(document.audience)! })

      const fresh: PreparedDocument[] = []
      const changed: { readonly document: PreparedDocument; readonly before: StoredDocument }[] = []
      const same: { number: number; audienceId: number; updatedAt: Date | null }[] = []
      for (const document of documents.values()) {
        const before = stored.get(document.externalId)
        if (!before) fresh.push(document)
        else if (before.contentHash !== document.contentHash) changed.push({ document, before })
        else same.push({ number: before.number, audienceId: audiences.get(document.audience)!, updatedAt: document.updatedAt ?? null })
      }

      if (same.length > 0) await touchDocuments(trx, same)
      const numbers = fresh.length > 0 ? await insertDocuments(trx, place, fresh.map(toStore)) : new Map<string, number>()
      for (const { document, before } of changed) await updateDocument(trx, before.number, place, toStore(document))
      const written = [
        ...fresh.map((document) => ({ number: numbers.get(document.externalId)!, document, before: undefined })),
        ...changed.map(({ document, before }) => ({ number: before.number, document, before })),
      ]
      if (written.length > 0) {
        await putChunks(trx, new Map(written.map(({ number, document }) => [number, document])))
        await putSummaries(trx, new Map(written.map(({ number, document }) => [number, document])))
        await writePostings(trx, workspace, written)
        await deleteTombstones(trx, place.sourceId, externalIds)
      }
      return { added: fresh.length, changed: changed.length, unchanged: same.length }
    },

    async remove(trx, { workspaceId, sourceId }, { removals, reason }) {
      if (removals.length === 0) return 0
      const noticed = new Map(removals.map(({ externalId, noticedAt }) => [externalId, noticedAt]))
      const documents = await lockDocuments(trx, sourceId, [...noticed.keys()])
      if (documents.length === 0) return 0
      const workspace = await workspaceNumber(trx, workspaceId)
      const change = createChange()
      for (const document of documents) change.without(document)
      await deleteDocuments(
        trx,
        { workspace, sourceId, reason },
        documents.map((document) => ({ ...document, noticedAt: noticed.get(document.externalId)! })),
      )
      await change.store(trx, workspace)
      return documents.length
    },
  }
}

interface Written {
  readonly number: number
  readonly document: PreparedDocument
  readonly before: StoredDocument | undefined
}

async function writePostings(trx: Transaction, workspace: number, written: readonly Written[]): Promise<void> {
  const change = createChange()
  const rows = written.map(({ number, document, before }) => {
    const terms = new Set(document.postings.map(({ term }) => term))
    if (before) change.without(before)
    change.with(document, terms)
    return { number, document, gone: before?.terms.filter((term) => !terms.has(term)) ?? [] }
  })
  await putPostings(trx, workspace, rows)
  await change.store(trx, workspace)
}

/** What a transaction changes in the counts of terms and in the sums of the workspace. */
function createChange() {
  const terms = new Map<string, number>()
  const sums = { documents: 0, chunks: 0, size: 0, outlineSize: 0 }
  const count = (names: Iterable<string>, by: 1 | -1): void => {
    for (const name of names) terms.set(name, (terms.get(name) ?? 0) + by)
  }
  const add = (by: 1 | -1, { chunks, size, outlineSize }: { chunks: number; size: number; outlineSize: number }): void => {
    sums.documents += by
    sums.chunks += by * chunks
    sums.size += by * size
    sums.outlineSize += by * outlineSize
  }
  return {
    with({ chunks, size, outlineSize }: PreparedDocument, names: Iterable<string>): void {
      count(names, 1)
      add(1, { chunks: chunks.length, size, outlineSize })
    },
    without({ chunkCount, size, outlineSize, terms: names }: StoredDocument): void {
      count(names, -1)
      add(-1, { chunks: chunkCount, size, outlineSize })
    },
    async store(trx: Transaction, workspace: number): Promise<void> {
      await addToTerms(trx, workspace, terms)
      await addToSizes(trx, workspace, sums)
    },
  }
}
