import type { z } from 'zod'
import { HubError } from '#errors'
import type { ActionContext } from './context.ts'

/** Something that stands in an outside system, as a text that can be searched. */
export interface SourceDocument {
  /** Unique in its source, and the same for ever. */
  readonly id: string
  /** Such as `issue`, `pull_request`, `file`, `page`, `thread`. */
  readonly type: string
  readonly title: string
  readonly url?: string | undefined
  /** Where it stands, such as a file in its repository. */
  readonly path?: string | undefined
  readonly author?: string | undefined
  readonly createdAt?: string | undefined
  readonly updatedAt?: string | undefined
  /** Bytes are read as UTF-8. */
  readonly content: string | Uint8Array
  /** The default is `markdown`. Of `code`, `path` tells the language. */
  readonly format?: 'markdown' | 'html' | 'code' | 'text' | undefined
  /** Why a part of it is missing, as a sentence. */
  readonly truncated?: string | undefined
  /** Those who may read it, by a key of `readers`. */
  readonly audience: string
  /** Of a pull request. */
  readonly changedFiles?: readonly ChangedFile[] | undefined
}

export interface ChangedFile {
  /** The number of the pull request, or the commit. */
  readonly change: string
  readonly path: string
  readonly previousPath?: string | undefined
  readonly status: 'added' | 'modified' | 'removed' | 'renamed'
  readonly additions?: number | undefined
  readonly deletions?: number | undefined
}

/** An item that could not be read. The hub tries it again by itself, so it may not stop the others. */
export interface FailedItem {
  readonly id: string
  readonly error: unknown
}

/** One page of what has changed. Page and cursor are stored together. */
export interface SourcePage<Cursor = unknown> {
  readonly documents: readonly SourceDocument[]
  /** The ids of documents that are gone. */
  readonly removed?: readonly string[] | undefined
  readonly failed?: readonly FailedItem[] | undefined
  readonly changedFiles?: readonly ChangedFile[] | undefined
  /** Where the next page begins, or the next sync after the last page. Any JSON. */
  readonly cursor: Cursor
  readonly isLast: boolean
  /** How many items are still to come, as far as it is known. */
  readonly remaining?: number | undefined
}

/** One page of the ids of everything that exists. */
export interface ListPage<Cursor = unknown> {
  readonly ids: readonly string[]
  /** Where the next page begins; undefined after the last one. */
  readonly next?: Cursor | undefined
  /** The outside system gave only a part. Nothing is deleted after such a listing. */
  readonly isPartial?: boolean | undefined
}

/** An event of the connector, for a source. */
export interface SourceEvent {
  readonly type: string
  readonly data: unknown
}

/** The cursor means nothing to the outside system any more: everything is read again, and nothing is deleted before that is done. */
export class CursorLost extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'CursorLost'
  }
}

/** Who may read documents: everybody in the workspace, a user of the outside system by id, or somebody by the address that it knows. */
export type Member = '*' | `user:${string}` | `email:${string}`

export interface SourceSpec<Options extends z.ZodObject, Config> {
  readonly title: string
  readonly description: string
  /** What a person chooses, such as a repository. */
  readonly options: Options
  readonly example: z.input<Options>
  /** The name of a source with these options, such as `octocat/hello-world`. */
  readonly named: (options: z.output<Options>) => string
  /** The types of its documents. */
  readonly types: readonly string[]
  /** One page of what has changed since the cursor; everything, oldest first where that is possible, without one. Throws `CursorLost`. */
  readonly pull: (context: ActionContext<z.output<Options>, Config>, cursor: unknown) => Promise<SourcePage>
  /** One page of the ids of everything that exists, to find what was deleted. Left out where `pull` tells of every removal. */
  readonly list?: (context: ActionContext<z.output<Options>, Config>, cursor: unknown) => Promise<ListPage>
  /** Reads single documents. Those that do not exist any more are missing from the answer. */
  readonly fetch?: (
    context: ActionContext<z.output<Options>, Config>,
    ids: readonly string[],
  ) => Promise<Pick<SourcePage, 'documents' | 'failed'>>
  /** The members of an audience. */
  readonly readers: (context: ActionContext<z.output<Options>, Config>, audience: string) => Promise<readonly Member[]>
  /** The types of events that may tell of a change, such as `github.issues`. */
  readonly events?: readonly string[]
  /** The ids of what an event changed, `all` where it does not tell, nothing where it concerns another source. */
  readonly changedBy?: (event: SourceEvent, options: z.output<Options>) => readonly string[] | 'all'
}

/** Content of an outside system that the hub can keep in sync. The connector declares it, and the hub does the work. */
export interface SourceDeclaration extends Omit<
  SourceSpec<z.ZodObject, Record<string, unknown>>,
  'named' | 'pull' | 'list' | 'fetch' | 'readers' | 'changedBy'
> {
  readonly options: z.ZodObject
  readonly example: Readonly<Record<string, unknown>>
  named(options: Record<string, unknown>): string
  pull(context: ActionContext<Record<string, unknown>>, cursor: unknown): Promise<SourcePage>
  list?(context: ActionContext<Record<string, unknown>>, cursor: unknown): Promise<ListPage>
  fetch?(context: ActionContext<Record<string, unknown>>, ids: readonly string[]): Promise<Pick<SourcePage, 'documents' | 'failed'>>
  readers(context: ActionContext<Record<string, unknown>>, audience: string): Promise<readonly Member[]>
  changedBy?(event: SourceEvent, options: Record<string, unknown>): readonly string[] | 'all'
}

// The cast is safe because the hub calls a source only with options and a config that passed the schemas of this spec.
export function sourceOf<Options extends z.ZodObject, Config>(spec: SourceSpec<Options, Config>): SourceDeclaration {
  return spec as unknown as SourceDeclaration
}

/** Whether an error is about one item, and says nothing about the others. */
function isAboutItem(error: unknown): error is HubError {
  return error instanceof HubError && ['validation', 'not_found', 'permission'].includes(error.entry.kind)
}

/** Reads items one after the other. One that fails by itself does not stop the others; one that `read` has nothing for is left out. */
export async function readEach<Item, Found>(
  items: readonly Item[],
  idOf: (item: Item) => string,
  read: (item: Item) => Promise<Found | undefined>,
): Promise<{ readonly found: readonly Found[]; readonly failed: readonly FailedItem[] }> {
  const found: Found[] = []
  const failed: FailedItem[] = []
  for (const item of items) {
    try {
      const one = await read(item)
      if (one !== undefined) found.push(one)
    } catch (error) {
      if (!isAboutItem(error)) throw error
      failed.push({ id: idOf(item), error })
    }
  }
  return { found, failed }
}

/** What a request gives; undefined where the outside system does not have it. */
export async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof HubError && error.code === 'vendor_not_found') return undefined
    throw error
  }
}
