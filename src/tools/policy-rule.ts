import { z } from 'zod'

const patterns = z.array(z.string().min(1).max(200)).max(100)

/** The first rule that matches decides. Where none matches, the call is allowed. */
export const policyRule = z.strictObject({
  tools: patterns.optional().describe('Tool names; * stands for any text.'),
  connectors: patterns.optional().describe('Connector names; * stands for any text.'),
  effects: z.array(z.enum(['read', 'write', 'destroy'])).optional(),
  where: z
    .record(z.string().max(200), z.string().max(500))
    .optional()
    .describe(
      'Arguments by path, each with a pattern: {"priority": "High*"}; or recipients, project, repository and channel, which mean all fields of that kind. A rule that allows needs every value to match, others one.',
    ),
  decision: z.enum(['allow', 'deny', 'ask']).describe('ask: a person has to approve.'),
  reason: z.string().max(500).optional().describe('Shown to whoever is refused.'),
})

export type PolicyRule = z.output<typeof policyRule>
