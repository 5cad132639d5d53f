export const transports = ['rest', 'trpc', 'mcp', 'amqp', 'pulsar', 'cli', 'flow', 'tool'] as const

/** How a call arrived; `flow` is a step of a run, `tool` a tool of the hub itself. */
export type Transport = (typeof transports)[number]
