export interface DocumentOptions {
  readonly workspaceId: string
  /** The hub's own text, which is read in this process. */
  readonly isTrusted?: boolean
}

/** A value of a document with its place in the text. The first one is the whole; each comes after the one that contains it. */
export interface DocumentNode {
  /** The number of the node that contains it; -1 for the whole. */
  readonly parent: number
  /** The key or the index in that node. */
  readonly name: string | number
  /** Where its key begins; -1 if it has none. */
  readonly key: number
  readonly start: number
  readonly end: number
}

export interface DocumentFault {
  /** The place in the text; undefined if the fault is that of the whole. */
  readonly offset?: number
  readonly message: string
  readonly remedy: string
}

export type ParsedDocument =
  | { readonly value: unknown; readonly nodes: readonly DocumentNode[] }
  | { readonly faults: readonly DocumentFault[] }

/** YAML that people and agents wrote, parsed within limits of time, memory, depth and size. */
export interface Documents {
  /** Never throws because of the text, whose length the caller limits. JSON is YAML, too. */
  parse(text: string, options: DocumentOptions): Promise<ParsedDocument>
}
