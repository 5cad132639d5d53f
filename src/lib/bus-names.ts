/** The buses that a hub can be connected to; `local` is its own, inside the process. */
export const busNames = ['amqp', 'pulsar', 'local'] as const
export type BusName = (typeof busNames)[number]
