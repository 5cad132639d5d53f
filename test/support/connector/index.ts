import type { ConnectorKit } from '../../../src/load-connectors.ts'

/** A connector from outside, as HUB_CONNECTORS loads it: with an action for each rule of the tool pipeline. */
export default function connector({ defineConnector, defineAction, auth, z }: ConnectorKit) {
  const place = z.strictObject({ at: z.string().default('/thing').describe('Path.') })
  const answer = z.object({ ok: z.number() })
  const base = { title: 'Thing', description: 'Does a thing for tests. Returns ok.', example: {}, input: place, output: answer }
  return defineConnector({
    name: 'probe',
    title: 'Probe',
    description: 'For tests.',
    connect: 'Store a token.',
    config: z.object({ base_url: z.url().describe('Address.') }),
    auth: [auth.token({ aliases: ['pat'] })],
    baseUrl: ({ base_url }) => base_url,
    wellKnownCredentials: ['probe-token'],
    test: async ({ http }) => ({ account: (await http.get<{ name: string }>('/me')).name }),
    actions: {
      get_thing: defineAction({ ...base, effect: 'read', aliases: ['find_the_thing'], run: ({ input, http }) => http.get(input.at) }),
      list_things: defineAction({
        ...base,
        effect: 'read',
        output: z.object({ items: z.array(z.object({ id: z.number(), text: z.string() })) }),
        run: ({ input, http }) => http.get(input.at),
      }),
      create_thing: defineAction({ ...base, effect: 'write', run: ({ input, http }) => http.post(input.at, {}) }),
      put_thing: defineAction({ ...base, effect: 'write', idempotent: true, run: ({ input, http }) => http.put(input.at, {}) }),
      delete_thing: defineAction({
        ...base,
        effect: 'destroy',
        run: ({ input, http }) => http.post(input.at, {}),
        verify: async ({ http }) => {
          const { done } = await http.get<{ done: boolean | null }>('/done')
          return done === null ? 'unknown' : done ? { happened: true, output: { ok: 2 } } : { happened: false }
        },
      }),
      break_thing: defineAction({ ...base, effect: 'read', run: () => Promise.reject(new TypeError('secret internals at line 3')) }),
    },
  })
}
