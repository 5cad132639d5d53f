import type { SourcePage } from '#kit'
import type { ConnectorKit } from '../../../src/load-connectors.ts'

/** A connector from outside, as HUB_CONNECTORS loads it: an action for each rule of the waist. */
export default function connector({ defineConnector, auth, CursorLost, z }: ConnectorKit) {
  const place = z.strictObject({ at: z.string().default('/thing').describe('Path.') })
  const answer = z.object({ ok: z.number() })
  const base = { title: 'Thing', description: 'Does a thing for tests. Returns ok.', example: {}, input: place, output: answer }
  const probe = defineConnector({
    name: 'probe',
    title: 'Probe',
    description: 'For tests.',
    connect: 'Store a token.',
    config: z.object({ base_url: z.url().describe('Address.') }),
    auth: [auth.token({ aliases: ['pat'] })],
    baseUrl: ({ base_url }) => base_url,
    wellKnownCredentials: ['probe-token'],
    sendsTo: 'private',
    events: { order: 'A message on the topic probe-orders.' },
    topics: () => [{ topic: 'probe-orders', event: 'order' }],
    test: async ({ http }) => ({ account: (await http.get<{ name: string }>('/me')).name }),
  })
  const changed = z.object({ list: z.string(), ids: z.array(z.string()).optional() })
  // The system outside answers in the form of the kit, so a test says what the source brings.
  const things = probe.source({
    title: 'Things',
    description: 'Things of a list, for tests.',
    types: ['thing'],
    options: z.strictObject({ list: z.string().default('all') }),
    example: {},
    named: ({ list }) => `things of ${list}`,
    events: ['probe.order'],
    changedBy: ({ data }, { list }) => {
      const order = changed.parse(data)
      return order.list === list ? (order.ids ?? 'all') : []
    },
    readers: async ({ http }, audience) => (await http.get<{ members: ['*'] }>('/readers', { query: { audience } })).members,
    pull: async ({ http, input }, cursor) => {
      const page = await http.get<SourcePage & { lost?: string }>('/pull', { query: { list: input.list, cursor: JSON.stringify(cursor) } })
      if (page.lost !== undefined) throw new CursorLost(page.lost)
      return page
    },
    list: ({ http, input }, cursor) => http.get('/list', { query: { list: input.list, cursor: JSON.stringify(cursor) } }),
    fetch: ({ http }, ids) => http.get('/fetch', { query: { ids: ids.join(',') } }),
  })
  return probe.withActions(
    {
      get_thing: probe.action({
        ...base,
        effect: 'read',
        aliases: ['find_the_thing'],
        run: ({ input, http }) => http.get(input.at),
        labels: ({ at }) => (at === '/own' ? { author: 'trusted' } : at === '/open' ? { author: 'trusted', place: 'public' } : {}),
      }),
      slow_thing: probe.action({ ...base, effect: 'read', long: true, run: ({ input, http }) => http.get(input.at) }),
      list_places: probe.action({
        ...base,
        effect: 'read',
        output: z.object({ items: z.array(z.string()) }),
        lookup: { arguments: ['probe_place'], input: () => ({ at: '/lookup' }), values: ({ items }) => items },
        run: ({ input, http }) => http.get(input.at),
      }),
      list_things: probe.action({
        ...base,
        effect: 'read',
        output: z.object({ items: z.array(z.object({ id: z.number(), text: z.string() })) }),
        run: ({ input, http }) => http.get(input.at),
      }),
      create_thing: probe.action({
        ...base,
        effect: 'write',
        run: ({ input, http }) => http.post(input.at, {}),
        labels: () => ({ author: 'trusted' }),
        sendsTo: ({ at }) => (at.startsWith('/public') ? 'public' : 'private'),
      }),
      put_thing: probe.action({
        ...base,
        effect: 'write',
        idempotent: true,
        run: ({ input, http }) => http.put(input.at, {}),
        current: ({ input, http }) => http.get(input.at),
      }),
      charge_thing: probe.action({
        ...base,
        effect: 'write',
        idempotencyHeader: 'Idempotency-Key',
        run: ({ input, http }) => http.post(input.at, {}),
      }),
      add_text: probe.action({
        ...base,
        effect: 'write',
        example: { text: 'x' },
        input: z.strictObject({ text: z.string().describe('Text.') }),
        output: z.object({ id: z.string() }),
        run: ({ input, http }) => http.post('/texts', input),
        undo: { plan: ({ output }) => ({ action: 'delete_text', input: { id: output.id } }) },
      }),
      set_text: probe.action({
        ...base,
        effect: 'write',
        idempotent: true,
        example: { id: '1', text: 'x' },
        input: z.strictObject({ id: z.string().describe('Id.'), text: z.string().describe('Text.') }),
        output: z.object({ text: z.string() }),
        run: ({ input: { id, text }, http }) => http.put(`/texts/${id}`, { text }),
        current: ({ input, http }) => http.get(`/texts/${input.id}`),
        undo: {
          needsBefore: true,
          plan: ({ input: { id }, output, before }) => ({
            action: 'set_text',
            input: { id, text: (before as { text: string }).text },
            left: { text: output.text },
          }),
        },
      }),
      delete_text: probe.action({
        ...base,
        effect: 'destroy',
        idempotent: true,
        example: { id: '1' },
        input: z.strictObject({ id: z.string().describe('Id.') }),
        output: z.unknown(),
        run: ({ input, http }) => http.delete(`/texts/${input.id}`),
        undo: { plan: () => ({ impossible: 'a deleted text is not kept' }) },
      }),
      create_two: probe.action({
        ...base,
        effect: 'write',
        run: async ({ input, http }) => {
          await http.post('/first', {})
          return http.post(input.at, {})
        },
      }),
      count_things: probe.action({
        ...base,
        effect: 'write',
        run: async ({ input, http }) => ({ ok: (await http.post<{ items: number[] }>(input.at, {})).items.map((item) => item + 1).length }),
      }),
      look_then_create: probe.action({
        ...base,
        effect: 'write',
        output: z.unknown(),
        run: async ({ input, http }) => {
          await http.get('/look')
          return http.post(input.at, {})
        },
      }),
      delete_thing: probe.action({
        ...base,
        effect: 'destroy',
        run: ({ input, http }) => http.post(input.at, {}),
        verify: async ({ http }) => {
          const { done } = await http.get<{ done: boolean | null }>('/done')
          return done === null ? 'unknown' : done ? { happened: true, output: { ok: 2 } } : { happened: false }
        },
      }),
      break_thing: probe.action({ ...base, effect: 'read', run: () => Promise.reject(new TypeError('secret internals at line 3')) }),
    },
    { things },
  )
}
