import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { readable, sign, verify, type Identity, type WebhookDeclaration } from '#kit'
import { github } from './github/index.ts'
import { gitlab } from './gitlab/index.ts'
import { jira } from './jira/index.ts'
import { slack } from './slack/index.ts'
import { zulip } from './zulip/index.ts'

const hook = { name: 'it', config: {} }
const withWebhooks = [github, gitlab, slack, jira, zulip]

const headerNames =
  'x-github-event x-github-delivery x-github-hook-id x-github-hook-installation-target-type x-atlassian-webhook-identifier x-gitlab-event-uuid idempotency-key webhook-id webhook-signature content-type __proto__'.split(
    ' ',
  )
const fieldNames =
  'type event event_id challenge channel item command message id subject display_recipient repository full_name organization login issue number key webhookEvent bot_email payload object_kind event_name object_attributes iid project path_with_namespace merge_request __proto__'.split(
    ' ',
  )

function identify({ webhook }: { webhook?: WebhookDeclaration }, body: unknown, headers: Record<string, string> = {}): Identity {
  return webhook!.identify(readable({ headers, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) }), hook)
}

for (const connector of withWebhooks) {
  const webhook = connector.webhook!
  suite(`webhook of ${connector.name}`, () => {
    test('any delivery gets a type of limited length, and nothing is thrown', () => {
      const names = fc.constantFrom(...headerNames)
      const value = fc.oneof(
        fc.string({ maxLength: 300 }),
        fc.constantFrom('repository', 'organization', '12', 'application/x-www-form-urlencoded'),
        fc.array(fc.string(), { maxLength: 2 }),
      )
      const keys = fc.constantFrom(...fieldNames)
      const level = (inner: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
        fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.dictionary(keys, inner), fc.array(inner, { maxLength: 2 }))
      const tree = level(level(level(fc.jsonValue({ maxDepth: 0 }))))
      const body = fc.oneof(
        tree.map((made) => Buffer.from(JSON.stringify(made))),
        fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
        fc.webQueryParameters().map((query) => Buffer.from(query)),
      )
      fc.assert(
        fc.property(fc.dictionary(names, value), body, (headers, bytes) => {
          const delivery = readable({ headers, body: bytes })
          const { type, dedupeKey, deliveryId = '' } = webhook.identify(delivery, hook)
          assert.match(type, /^\w{1,64}$/)
          assert.ok(dedupeKey.length > 0 && dedupeKey.length <= 400 && deliveryId.length <= 200)
          for (const found of [webhook.subject!(delivery.json(), headers), webhook.recovery?.hookOf(headers, delivery.json())])
            assert.ok(found === undefined || (typeof found === 'string' && found.length > 0 && found.length <= 300), String(found))
        }),
        { numRuns: 1000 },
      )
    })

    test('has samples that it recognises, with a subject, and no two of which are one delivery', () => {
      const samples = Object.entries(webhook.samples!)
      assert.ok(samples.length > 0)
      for (const [name, sample] of samples) {
        const { headers, body } = sample(1)
        const { type, dedupeKey } = identify(connector, body, headers)
        assert.equal(type, name)
        assert.ok(Object.hasOwn(connector.events!, type), type)
        assert.ok(webhook.subject!(body, headers))
        const [again, other] = [sample(1), sample(2)].map((one) => identify(connector, one.body, one.headers))
        assert.equal(again!.dedupeKey, dedupeKey)
        assert.notEqual(other!.dedupeKey, dedupeKey)
      }
    })

    test('declares a scheme that accepts its signature, a credential for the secret, and descriptions of events', () => {
      assert.ok(Array.isArray(webhook.schemes))
      for (const scheme of webhook.schemes as Exclude<WebhookDeclaration['schemes'], (...args: never[]) => unknown>) {
        const secret = scheme.kind === 'standard' ? `whsec_${btoa('shared')}` : 'shared'
        const signed = sign(scheme, { body: Buffer.from('{}'), secret, now: 0 })
        assert.deepEqual(verify([scheme], signed, { secrets: [secret], now: 0 }), { ok: true, secret: 0 })
      }
      assert.ok(webhook.secretCredentials.length > 0)
      const events = Object.entries(connector.events ?? {})
      assert.ok(events.length > 0)
      for (const [name, words] of events) {
        assert.match(name, /^[a-z][a-z0-9_]*$/)
        assert.match(words, /^[A-Z].{10,}\.$/)
      }
    })
  })
}

test('a GitHub delivery is repeated by the same id and body; another id or body is another delivery', () => {
  const headers = { 'x-github-event': 'issues', 'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958' }
  const first = identify(github, { action: 'opened' }, headers)
  assert.deepEqual(first, { ...first, type: 'issues', deliveryId: headers['x-github-delivery'] })
  assert.equal(identify(github, { action: 'opened' }, { ...headers, 'x-github-event': 'push' }).dedupeKey, first.dedupeKey)
  for (const other of [{ ...headers, 'x-github-delivery': 'other' }, {}] as Record<string, string>[])
    assert.notEqual(identify(github, { action: 'opened' }, other).dedupeKey, first.dedupeKey)
  assert.notEqual(identify(github, { action: 'closed' }, headers).dedupeKey, first.dedupeKey)
  assert.equal(identify(github, {}, { 'x-github-event': 'Issues; drop' }).type, 'unknown')
})

test('GitHub’s body is not parsed to identify a delivery', () => {
  const json = (): never => assert.fail('it was read')
  assert.equal(
    github.webhook!.identify({ headers: { 'x-github-event': 'ping' }, body: Buffer.from('{}'), digest: 'd', json }, hook).type,
    'ping',
  )
})

test('the subject of a GitHub event is an issue, a repository or an organisation', () => {
  const repository = { full_name: 'octocat/hello-world' }
  for (const [data, expected] of [
    [{ repository, issue: { number: 5 } }, 'octocat/hello-world#5'],
    [{ repository, number: 6, pull_request: { number: 6 } }, 'octocat/hello-world#6'],
    [{ repository, ref: 'refs/heads/main' }, 'octocat/hello-world'],
    [{ repository, number: '7' }, 'octocat/hello-world'],
    [{ organization: { login: 'octo-org' } }, 'octo-org'],
    [{ zen: 'Keep it logically awesome.' }, undefined],
    [null, undefined],
  ] as const)
    assert.equal(github.webhook!.subject!(data, {}), expected)
})

test('Slack’s URL verification is answered and not stored', () => {
  const asked = identify(slack, { type: 'url_verification', challenge: '3eZbrw1aB', token: 'x' })
  assert.deepEqual(asked.handshake, { status: 200, body: { challenge: '3eZbrw1aB' } })
  assert.deepEqual(identify(slack, 'ssl_check=1&token=x', { 'content-type': 'application/x-www-form-urlencoded' }).handshake, {
    status: 200,
  })
  assert.equal(identify(slack, { type: 'url_verification', challenge: 'x'.repeat(1001) }).handshake, undefined)
})

test('Slack’s events, commands and interactions get different types, and an event is identified by its id', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const event = { type: 'event_callback', event_id: 'Ev08MFMKH6', event: { type: 'app_mention', channel: 'C1' } }
  const first = identify(slack, event)
  assert.deepEqual([first.type, first.deliveryId], ['app_mention', 'Ev08MFMKH6'])
  assert.equal(identify(slack, { ...event, event_time: 2 }).dedupeKey, first.dedupeKey)
  assert.notEqual(identify(slack, { ...event, event_id: 'Ev2' }).dedupeKey, first.dedupeKey)
  assert.equal(identify(slack, 'command=%2Fdeploy&text=now&channel_id=C1', form).type, 'command')
  const pressed = new URLSearchParams({ payload: JSON.stringify({ type: 'block_actions', channel: { id: 'C2' } }) }).toString()
  assert.equal(identify(slack, pressed, form).type, 'block_actions')
  assert.notEqual(identify(slack, pressed, form).dedupeKey, identify(slack, `${pressed}&x=1`, form).dedupeKey)
  assert.equal(identify(slack, 'nonsense').type, 'unknown')
})

test('the subject of a Slack event is a channel or a thread in it', () => {
  for (const [data, expected] of [
    [{ event: { channel: 'C1' } }, 'C1'],
    [{ event: { channel: 'C1', thread_ts: '1355517523.000005' } }, 'C1/1355517523.000005'],
    [{ event: { item: { channel: 'C3' } } }, 'C3'],
    [{ event: { channel: { id: 'C4' } } }, 'C4'],
    [{ command: '/deploy', channel_id: 'C1' }, 'C1'],
    [{ type: 'block_actions', channel: { id: 'C2' } }, 'C2'],
    [{ type: 'event_callback', event: { type: 'team_join' } }, undefined],
  ] as const)
    assert.equal(slack.webhook!.subject!(data, {}), expected)
})

test('Jira’s event names have no prefix, and events are identified by Jira’s identifier and the body', () => {
  const headers = { 'x-atlassian-webhook-identifier': '6dbf4b9a-1' }
  const body = { webhookEvent: 'jira:issue_created', issue: { key: 'PROJ-5' } }
  const first = identify(jira, body, headers)
  assert.deepEqual([first.type, first.deliveryId], ['issue_created', '6dbf4b9a-1'])
  assert.equal(identify(jira, body, headers).dedupeKey, first.dedupeKey)
  assert.notEqual(identify(jira, { ...body, timestamp: 2 }, headers).dedupeKey, first.dedupeKey)
  assert.equal(identify(jira, { webhookEvent: 'comment_created' }).type, 'comment_created')
  assert.equal(identify(jira, { webhookEvent: '../x' }).type, 'unknown')
  assert.equal(jira.webhook!.subject!(body, {}), 'PROJ-5')
  assert.equal(jira.webhook!.subject!({ sprint: {} }, {}), undefined)
})

test('a Zulip message is identified by its id and the bot, and its subject is the topic', () => {
  const body = { bot_email: 'bot@example.com', token: 't', message: { id: 12, display_recipient: 'general', subject: 'deploys' } }
  const first = identify(zulip, body)
  assert.deepEqual([first.type, first.deliveryId], ['message', '12'])
  assert.equal(identify(zulip, { ...body, trigger: 'mention' }).dedupeKey, first.dedupeKey)
  assert.notEqual(identify(zulip, { ...body, bot_email: 'other@example.com' }).dedupeKey, first.dedupeKey)
  assert.notEqual(identify(zulip, { ...body, message: { id: 13 } }).dedupeKey, first.dedupeKey)
  assert.equal(zulip.webhook!.subject!(body, {}), 'general/deploys')
  assert.equal(zulip.webhook!.subject!({ message: { display_recipient: [{ id: 1 }] } }, {}), undefined)
  assert.deepEqual(zulip.webhook!.acknowledgement, { status: 200, body: { response_not_required: true } })
})

test('a GitLab delivery is known by its signed id, or by the key of its retries and its body, and never by the id of the hook', () => {
  const body = { object_kind: 'issue', project: { path_with_namespace: 'octo-group/hello-world' }, object_attributes: { iid: 5 } }
  const signed = { 'webhook-id': 'd1', 'webhook-signature': 'v1,x', 'idempotency-key': 'other' }
  assert.deepEqual(identify(gitlab, body, signed), { type: 'issue', deliveryId: 'd1', dedupeKey: 'd1' })
  const weak = { 'idempotency-key': 'k1', 'x-gitlab-event-uuid': 'u1', 'x-gitlab-webhook-uuid': 'hook', 'webhook-id': 'forged' }
  const first = identify(gitlab, body, weak)
  assert.equal(first.deliveryId, 'k1')
  assert.notEqual(identify(gitlab, { ...body, x: 1 }, weak).dedupeKey, first.dedupeKey)
  assert.equal(identify(gitlab, body, { 'x-gitlab-event-uuid': 'u1' }).deliveryId, 'u1')
  assert.equal(identify(gitlab, body, { 'x-gitlab-webhook-uuid': 'hook' }).deliveryId, undefined)
  assert.equal(identify(gitlab, { event_name: 'user_add_to_group' }).type, 'member')
  assert.equal(identify(gitlab, { object_kind: '../x' }).type, 'unknown')
})

test('the subject of a GitLab event is an issue, a merge request, a project or a group', () => {
  const project = { path_with_namespace: 'a/b/c' }
  for (const [data, expected] of [
    [{ object_kind: 'issue', project, object_attributes: { iid: 5 } }, 'a/b/c#5'],
    [{ object_kind: 'merge_request', project, object_attributes: { iid: 6 } }, 'a/b/c!6'],
    [{ object_kind: 'note', project, object_attributes: { id: 9 }, merge_request: { iid: 6 } }, 'a/b/c!6'],
    [{ object_kind: 'note', project, object_attributes: { id: 9 }, issue: { iid: 5 } }, 'a/b/c#5'],
    [{ object_kind: 'pipeline', project, object_attributes: { id: 3, iid: 3 } }, 'a/b/c'],
    [{ event_name: 'user_add_to_group', group_path: 'a' }, 'a'],
    [null, undefined],
  ] as const)
    assert.equal(gitlab.webhook!.subject!(data, {}), expected)
})
