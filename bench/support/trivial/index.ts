import type { ConnectorKit } from '../../../src/load-connectors.ts'

/** A tool that does nothing, inside the hub: what a flow costs by itself. */
export default function trivial({ defineConnector, z }: ConnectorKit) {
  const trivial = defineConnector({
    name: 'trivial',
    title: 'Trivial',
    description: 'For benches.',
    connect: 'Nothing.',
    builtIn: true,
    config: z.object({}),
    auth: [],
  })
  return trivial.withActions({
    get_nothing: trivial.action({
      title: 'Nothing',
      description: 'Does nothing. Returns n.',
      effect: 'read',
      example: { n: 1 },
      input: z.strictObject({ n: z.number().describe('A number.') }),
      output: z.object({ n: z.number() }),
      run: async ({ input }) => ({ n: input.n }),
    }),
  })
}
