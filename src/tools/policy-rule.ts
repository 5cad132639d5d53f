import { z } from 'zod'
import { transports } from './transport.ts'

const patterns = z.array(z.string().min(1).max(200)).max(100)
const tokens = patterns
  .optional()
  .describe(
    'Tokens by id or name, with * for any text, or kind:token, kind:operator, kind:system. A flow acts for whoever saved or started it.',
  )

/** The first rule that matches decides. Where none matches, the call is allowed. */
export const policyRule = z.strictObject({
  tools: patterns.optional().describe('Tool names; * stands for any text.'),
  connectors: patterns.optional().describe('Connector names; * stands for any text.'),
  effects: z.array(z.enum(['read', 'write', 'destroy'])).optional(),
  integrations: patterns
    .optional()
    .describe('Names or ids of integrations; * stands for any text. The integration is the one that the call uses, named or not.'),
  tokens,
  transports: z.array(z.enum(transports)).optional().describe('How the call arrived.'),
  where: z
    .record(z.string().max(200), z.string().max(500))
    .optional()
    .describe(
      'Arguments by path, each with a pattern: {"priority": "High*"}; or recipients, project, repository and channel, which mean all fields of that kind. A rule that allows needs every value to match, others one.',
    ),
  when: z
    .string()
    .min(1)
    .max(4000)
    .optional()
    .describe(
      'A JSONata expression that is true or false, over input, tool, connector, effect, integration (its name), token ({id, name, kind}) and transport: `input.amount > 100`. Where it fails, a rule that allows does not match, and others do.',
    ),
  decision: z.enum(['allow', 'deny', 'ask']).describe('ask: a person has to approve.'),
  reason: z.string().max(500).optional().describe('Shown to whoever is refused.'),
  expires_in: z
    .int()
    .min(60)
    .max(30 * 86_400)
    .optional()
    .describe('For ask: seconds after which an approval expires; seven days without it.'),
  approvers: z
    .array(z.string().min(1).max(200))
    .min(1)
    .max(100)
    .optional()
    .describe('For ask: who may decide, as actors (token:tok_…), names of tokens, or scopes.'),
})

/** Each actor whom the limit is about may make this many calls. All processes count together. */
export const callLimit = z
  .strictObject({
    tokens,
    connectors: patterns.optional().describe('Counts only calls of these connectors, all of them together; * stands for any text.'),
    calls_per_minute: z.int().min(1).max(1_000_000).optional(),
    destructive_per_day: z.int().min(0).max(1_000_000).optional().describe('Calls of tools with the effect destroy, by the day in UTC.'),
  })
  .refine(({ calls_per_minute: calls, destructive_per_day: destructive }) => calls !== undefined || destructive !== undefined, {
    message: 'needs calls_per_minute or destructive_per_day',
  })

const verdict = z.enum(['ask', 'deny'])

/** Whether the hub follows what sessions have read. Off when left out. */
export const informationFlow = z.strictObject({
  after_untrusted: verdict.describe(
    'What applies to a write to a public place, or to another system than the one that was read, after a session has read what others may have written.',
  ),
  after_private: verdict
    .optional()
    .describe('What applies to a write to a public place after a session has read private data; as after_untrusted when left out.'),
})

/** For whom outputs are cleaned of what people do not see. */
export const sanitize = z.enum(['agents', 'always', 'never'])

export type PolicyRule = z.output<typeof policyRule>
export type CallLimit = z.output<typeof callLimit>
export type InformationFlow = z.output<typeof informationFlow>

/** Everything that a workspace has decided on tool calls. */
export interface PolicyDocument {
  readonly rules: readonly PolicyRule[]
  readonly limits: readonly CallLimit[]
  readonly informationFlow: InformationFlow | null
  readonly sanitize: z.output<typeof sanitize>
}
