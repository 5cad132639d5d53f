import { schemes, type Identity, type WebhookDeclaration } from '#kit'

/** The names of the inner events. `event_callback` is only their envelope. */
export const events: Readonly<Record<string, string>> = {
  app_home_opened: 'A user opened the app’s home.',
  app_mention: 'A user mentioned the app.',
  app_rate_limited: 'Slack limits the rate of events.',
  app_uninstalled: 'The app was removed from a workspace.',
  block_actions: 'A user used a button, menu or field in a message or view.',
  channel_archive: 'A channel was archived.',
  channel_created: 'A channel was created.',
  channel_rename: 'A channel was renamed.',
  command: 'A user used a slash command.',
  file_shared: 'A file was shared.',
  link_shared: 'A link to one of the app’s domains was posted.',
  member_joined_channel: 'A user joined a channel.',
  member_left_channel: 'A user left a channel.',
  message: 'A message was posted, changed or deleted.',
  message_action: 'A user used a shortcut on a message.',
  reaction_added: 'A reaction was added.',
  reaction_removed: 'A reaction was removed.',
  shortcut: 'A user used a global shortcut.',
  team_join: 'A user joined the workspace.',
  user_change: 'A person’s profile changed.',
  view_closed: 'A user closed a view.',
  view_submission: 'A user submitted a view.',
}

type Fields = Readonly<Record<string, unknown>>

export const webhook: WebhookDeclaration = {
  schemes: [schemes.slack],
  secretCredentials: ['slack-signing-secret'],
  secretVariable: 'SLACK_SIGNING_SECRET',
  legacyPaths: ['/api/integrations/slack/webhook'],
  identify(delivery): Identity {
    const body = fieldsOf(delivery.json())
    const { type, challenge } = body
    const handshake = handshakeOf(body)
    if (handshake) return { type: 'handshake', dedupeKey: delivery.digest, handshake }
    if (type === 'event_callback') {
      const id = wordOf(body['event_id'])
      const named = { type: wordOf(fieldsOf(body['event'])['type']) ?? 'unknown', dedupeKey: delivery.digest }
      return id === undefined ? named : { ...named, dedupeKey: `event ${id}`, deliveryId: id }
    }
    const isCommand = type === undefined && challenge === undefined && typeof body['command'] === 'string'
    return { type: isCommand ? 'command' : (wordOf(type) ?? 'unknown'), dedupeKey: delivery.digest }
  },
  samples: {
    message: (number) => ({
      headers: {},
      body: {
        type: 'event_callback',
        event_id: `Ev0SAMPLE${number}`,
        event: { type: 'message', channel: 'C0SAMPLE', text: 'A sample message' },
      },
    }),
  },
  subject(data) {
    const body = fieldsOf(data)
    const event = fieldsOf(body['event'])
    const message = fieldsOf(event['message'])
    const [item, container, channel] = [fieldsOf(event['item']), fieldsOf(body['container']), fieldsOf(body['channel'])]
    const place = [
      event['channel'],
      fieldsOf(event['channel'])['id'],
      event['channel_id'],
      item['channel'],
      body['channel_id'],
      channel['id'],
      container['channel_id'],
    ]
      .map(wordOf)
      .find((found) => found !== undefined)
    const thread = [event['thread_ts'], message['thread_ts'], container['thread_ts']].find(
      (found): found is string => typeof found === 'string' && /^\d{1,20}\.\d{1,10}$/.test(found),
    )
    return place === undefined || thread === undefined ? place : `${place}/${thread}`
  },
  // The body is empty, because Slack shows any other body as the answer to a command and rejects it after a view submission.
  acknowledgement: { status: 200, body: undefined },
}

/** Slack sends a handshake when a URL is configured, and sometimes checks the certificate of a command's URL. */
function handshakeOf({ type, challenge, ssl_check: check }: Fields): Identity['handshake'] {
  if (type === 'url_verification' && typeof challenge === 'string' && challenge.length <= 1000) return { status: 200, body: { challenge } }
  return check === '1' ? { status: 200 } : undefined
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^\w{1,64}$/.test(value) ? value : undefined
}
