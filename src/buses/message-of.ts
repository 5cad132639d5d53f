import { toCloudEvent, type HubEvent } from '#events'
import type { Message } from './types.ts'

interface Place {
  readonly topic: string | null
  readonly key: string | null
}

/**
 * An event as a message: the data is the body, and the attributes of CloudEvents are its properties. Data that is too large for the broker is left
 * out, because a message that can never be published would hold up all that follow it.
 */
export function messageOf(event: HubEvent, { topic, key }: Place, maxBytes: number): Message {
  const { data, datacontenttype, ...attributes } = toCloudEvent(event)
  const body = Buffer.from(JSON.stringify(data))
  const tooLarge = body.length > maxBytes
  return {
    topic: topic ?? topicOf(event.type),
    // What happens to one thing outside keeps its order.
    key: key ?? event.subject ?? event.integration ?? event.type,
    id: event.replays > 0 ? `${event.id}.${event.replays}` : event.id,
    contentType: datacontenttype,
    body: tooLarge ? Buffer.from('null') : body,
    properties: {
      ...prefixed(attributes),
      ...(tooLarge ? { 'hub-left-out': `the data has ${body.length} bytes; read it at /api/v1/events/${event.id}` } : {}),
    },
  }
}

/** Types of custom webhooks may contain what no broker takes, and a message that it never takes would hold up those after it. */
const topicOf = (type: string): string => type.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 200)

const prefixed = (attributes: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`cloudEvents:${name}`, value]))
