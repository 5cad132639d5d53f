import type { ConnectorKit } from '../../../src/load-connectors.ts'

/** A connector whose actions harm the process that calls them. */
export default function connector({ defineConnector, auth, z }: ConnectorKit) {
  const lethal = defineConnector({
    name: 'lethal',
    title: 'Lethal',
    description: 'For tests.',
    connect: 'Store a token.',
    config: z.object({ base_url: z.url().describe('Address.') }),
    auth: [auth.token()],
    baseUrl: ({ base_url }) => base_url,
    test: async () => ({ account: 'none' }),
  })
  return lethal.withActions({
    kill_process: lethal.action({
      title: 'Kill the process',
      description: 'Kills the process it runs in, unless it is told outside to spare it. Returns whether it did.',
      effect: 'read',
      example: {},
      input: z.strictObject({}),
      output: z.object({ spared: z.boolean() }),
      run: async ({ http }) => {
        const { spared } = await http.get<{ spared: boolean }>('/spared')
        if (!spared) process.kill(process.pid, 'SIGKILL')
        return { spared }
      },
    }),
    forget_promise: lethal.action({
      title: 'Forget a promise',
      description: 'Leaves a promise behind that is rejected and that nobody waits for.',
      effect: 'read',
      example: {},
      input: z.strictObject({}),
      output: z.object({}),
      run: async () => {
        void Promise.reject(new Error('nobody waits for this'))
        return {}
      },
    }),
  })
}
