import { actorOf, type Principal } from '#access'
import type { Row, Sql } from '#db'
import { newId } from '#lib/ids'
import type { WholeDocument } from './query-store.ts'

export type NewFeedback = Omit<Row<'feedbackSignals'>, 'createdAt'>

export async function insertFeedback(
  sql: Sql,
  principal: Principal,
  { id: documentId, integrationId }: Pick<WholeDocument, 'id' | 'integrationId'>,
  feedback: Pick<NewFeedback, 'signal' | 'position' | 'query' | 'comment'>,
): Promise<string> {
  const id = newId('fbk')
  const { workspaceId } = principal
  await sql
    .insertInto('feedbackSignals')
    .values({ ...feedback, id, workspaceId, documentId, integrationId, actor: actorOf(principal) })
    .execute()
  return id
}
