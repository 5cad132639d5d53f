export type ChunkKind = 'text' | 'code' | 'table'

/** A piece of a document that is found by itself. */
export interface Chunk {
  readonly kind: ChunkKind
  /** The headings above it, the outermost first: `Install › Linux`. Of code, the declarations around it. */
  readonly heading: string
  readonly text: string
  /** Its lines in the document, from 1. */
  readonly fromLine: number
  readonly toLine: number
}

/** A heading of a document, or a declaration of code. */
export interface OutlineEntry {
  readonly level: number
  readonly title: string
  readonly line: number
}

export interface Processed {
  readonly chunks: readonly Chunk[]
  readonly outline: readonly OutlineEntry[]
}

/** What a document says, and what is missing of it. */
export interface Text {
  readonly text: string
  readonly problem?: string
}

/** About how long a chunk is. What belongs together, such as a fence or a table, may be longer. */
export const wantedCharacters = 1600
/** Longer blocks are split, wherever that is. */
export const mostCharacters = 6000
export const separator = ' › '
