import { inputRequired, type CallToolResult, type InputRequiredResult, type ServerContext } from '@modelcontextprotocol/server'
import { capabilitiesOf } from './client.ts'
import { errorMetaName } from './results.ts'

const question = 'approval'

/**
 * A call that needs an approval asks the person at the client to have it decided, and is sent again then. The answer itself decides nothing: only
 * the hub knows whether somebody approved. Clients that cannot ask get the failure, which says the same.
 */
export function askForApproval(result: CallToolResult, context: ServerContext): CallToolResult | InputRequiredResult {
  const approval = approvalIn(result)
  if (approval === undefined || !asksPeople(context)) return result
  const given = context.mcpReq.inputResponses?.[question] as { action?: unknown } | undefined
  if (given !== undefined && given.action !== 'accept') return result
  return inputRequired({
    inputRequests: {
      [question]: inputRequired.elicit({
        message:
          `This call needs the approval ${approval} of a person${given === undefined ? '' : ', and nobody has decided yet'}. ` +
          `\`hub approval show ${approval}\` shows it. Accept when it is decided.`,
        requestedSchema: { type: 'object', properties: {} },
      }),
    },
  })
}

/** The approval that the call of this result needs. */
export function approvalIn({ isError, _meta: meta = {} }: CallToolResult): string | undefined {
  const error = meta[errorMetaName] as { code?: unknown; approval_id?: unknown } | undefined
  return isError && error?.code === 'approval_required' && typeof error.approval_id === 'string' ? error.approval_id : undefined
}

function asksPeople(context: ServerContext): boolean {
  const { elicitation } = capabilitiesOf(context)
  // An empty declaration means forms.
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined)
}
