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
  const { workspaceId } = principal
  const { position, query, comment } = feedback
  const { id } = await sql
    .insertInto('feedbackSignals')
    .values({ ...feedback, id: newId('fbk'), workspaceId, documentId, integrationId, actor: actorOf(principal) })
    .onConflict((conflict) => conflict.columns(['documentId', 'actor', 'signal']).doUpdateSet({ position, query, comment }))
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}
