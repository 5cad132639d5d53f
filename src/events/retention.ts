import type { Database } from '#db'
import { daysAgo } from '#lib/clock'
import type { RetentionTask } from '#retention'
import { bytesOf, deleteEvents, deleteOldest } from './retention-store.ts'

export function eventRetention({ sql }: Database): RetentionTask[] {
  return [
    { of: 'workspace', drop: ({ workspaceId, eventsDays }, max) => deleteEvents(sql, workspaceId, daysAgo(eventsDays), max) },
    {
      of: 'workspace',
      async drop({ workspaceId, eventsBytes }, max) {
        const excess = eventsBytes === null ? 0 : (await bytesOf(sql, workspaceId)) - eventsBytes
        return excess > 0 ? deleteOldest(sql, workspaceId, max, excess) : 0
      },
    },
  ]
}
