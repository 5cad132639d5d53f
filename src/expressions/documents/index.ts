import type { Pool } from '../pool.ts'
import { readDocument } from './read.ts'
import type { Documents, ParsedDocument } from './types.ts'

export type { Documents, DocumentFault, DocumentNode } from './types.ts'

/** Parsing this much takes less than 40 ms, whatever it is. A worker takes a tenth of a second to start. */
const maxInProcess = 4000
const timeoutMs = 4000
const maxOutputBytes = 8_000_000

export function createDocuments(pool: Pick<Pool, 'run'>): Documents {
  return {
    async parse(text, { workspaceId, isTrusted = false }) {
      if (text.length <= maxInProcess || isTrusted) return readDocument(text)
      const answer = await pool.run(workspaceId, { kind: 'document', text, timeoutMs, maxOutputBytes })
      if ('fault' in answer)
        return {
          faults: [{ message: `the definition cannot be read: ${answer.fault.message}`, remedy: 'Write less, or nest less deeply.' }],
        }
      return JSON.parse(answer.output!) as ParsedDocument
    },
  }
}
