import type { ConnectorKit } from '../../../src/load-connectors.ts'

/** A connector with as many tools as a busy hub has. They do nothing, so a call costs what the hub adds. */
export default function connector({ defineConnector, z }: ConnectorKit) {
  const many = defineConnector({
    name: 'many',
    title: 'Many',
    description: 'Tools that do nothing, for the bench.',
    connect: 'Nothing.',
    builtIn: true,
    config: z.object({}),
    auth: [],
  })
  const action = (n: number) =>
    many.action({
      title: `Tool ${n}`,
      description: `Does thing ${n} for the bench and returns what it was given. Use it where a tool of ordinary size is needed. Returns ok and text.`,
      effect: 'read',
      example: { text: 'hello' },
      input: z.strictObject({
        text: z.string().max(1000).default('').describe('Any text.'),
        place: z.string().max(200).optional().describe('Where the thing is, e.g. main.'),
        limit: z.number().int().min(1).max(100).default(30).describe('How many at most.'),
      }),
      output: z.object({ ok: z.number(), text: z.string() }),
      run: async ({ input }) => ({ ok: n, text: input.text }),
    })
  return many.withActions(Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`tool_${String(n).padStart(3, '0')}`, action(n)])))
}
