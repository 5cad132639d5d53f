import { z } from 'zod'
import type { Connector } from '#kit'
import type { Tool } from '#tools'

/** The input of the undo tool, which the tool pipeline reads. */
export const undoInput = z.strictObject({
  id: z.string().min(1).max(100).describe('Id of the call: `invocation_id` of its answer, or from hub_list_invocations.'),
  force: z.boolean().default(false).describe('Undo it although somebody has changed since what it left. That change is lost.'),
})

/** A call of it is made as the call that undoes: policies, approvals and limits apply to that one, and the journal has it. */
export function undoTool(hub: Connector): Tool {
  return {
    name: `${hub.name}_undo_call`,
    aliases: [],
    connector: hub,
    origin: { kind: 'undo' },
    action: {
      title: 'Undo a tool call',
      description:
        'Undoes an earlier tool call by the call that reverses it: closes the issue that was created, deletes the message that was sent, puts back the text that was replaced. Use it after a mistake; it says so where a call cannot be undone, or where somebody has changed since what it left. Undoing twice acts once. Returns the output of the call that undid it.',
      words:
        'undo, undo the last call, revert, revert the change, roll back, rollback, take it back, reverse what you did, that was wrong, that was a mistake, put it back, restore the previous state, restore the old text, as it was before, cancel what you just did, unsend, wrong one, change it back, make it undone, go back',
      aliases: [],
      example: { id: 'inv_0197f3d2-0000-7000-8000-000000000000' },
      effect: 'write',
      idempotent: true,
      labels: () => ({ author: 'untrusted' }),
      input: undoInput,
      output: z.looseObject({}),
    },
  }
}
