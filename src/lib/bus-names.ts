/** The buses that a hub can be connected to; `local` is its own, inside the process. */
export const busNames = ['amqp', 'pulsar', 'local'] as const
export type BusName = (typeof busNames)[number]

/** What a topic may be called, so that every bus takes it. */
export const topicName = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/,
  rule: 'a topic is made of letters, digits, `.`, `-` and `_`, begins with a letter or digit, and has 200 characters at most',
}
