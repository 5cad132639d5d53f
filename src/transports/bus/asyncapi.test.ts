import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { messageOf, type Message } from '#buses'
import { hubError } from '#errors'
import type { HubEvent } from '#events'
import type { Tool } from '#tools'
import { adminToken, sharedHub, testHub, type TestHub } from '#test'
import { asyncApi } from './asyncapi.ts'
import { parseCommand } from './command.ts'
import { completedResult, failedResult, unknownTool } from './result.ts'

interface Document {
  readonly asyncapi: string
  readonly channels: Record<string, { address: string | null; description?: string; messages: Record<string, { $ref: string }> }>
  readonly operations: Record<string, { action: string; channel: { $ref: string } }>
  readonly components: { messages: Record<string, object>; schemas: { event_headers: { properties: object } } }
}

suite('GET /asyncapi.json', () => {
  let hub: TestHub
  let text: string
  let document: Document
  let tools: readonly Tool[]
  /** The faults of a value, by the schema of a message in the document. */
  let faults: (message: string, part: 'payload' | 'headers', value: unknown) => string

  before(async () => {
    hub = await sharedHub()
    const reply = await hub.with({ token: null }).call('GET', '/asyncapi.json')
    assert.equal(reply.statusCode, 200)
    assert.equal(reply.headers['content-type'], 'application/json; charset=utf-8')
    text = reply.payload
    document = JSON.parse(text) as Document
    tools = hub.hub.tools.registry.all
    const ajv = new Ajv({ strict: false, allErrors: true })
    formats.default(ajv)
    ajv.addSchema({ components: document.components }, 'document')
    faults = (message, part, value) => {
      const validate = ajv.getSchema(`document#/components/messages/${message}/${part}`)
      assert.ok(validate, `there is no ${part} of ${message}`)
      return validate(value) ? '' : ajv.errorsText(validate.errors)
    }
  })

  const sent = ({ tool = 'probe', ...of }: { tool?: string; taskId?: string }) => ({
    tool,
    taskId: of.taskId,
    stepId: undefined,
    correlationId: undefined,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    workspaceId: 'ws_1',
  })
  const bodyOf = ({ body }: Message): unknown => JSON.parse(body.toString())
  /** On RabbitMQ the key of a message is a header too. */
  const headersOf = ({ properties, key }: Message) => ({ ...properties, ...(key === undefined ? {} : { 'hub-key': key }) })

  test('has two messages for every tool, on the channels of RabbitMQ, of Pulsar and of replies', () => {
    assert.equal(document.asyncapi, '3.0.0')
    assert.ok(tools.length > 100)
    for (const { name } of tools) {
      const command = { $ref: `#/components/messages/${name}_command` }
      const completed = { $ref: `#/components/messages/${name}_completed` }
      for (const channel of ['commands', 'pulsar_commands']) assert.deepEqual(document.channels[channel]!.messages[name], command)
      for (const channel of ['completed', 'pulsar_results', 'replies'])
        assert.deepEqual(document.channels[channel]!.messages[name], completed)
      assert.ok(document.components.messages[`${name}_command`] && document.components.messages[`${name}_completed`], name)
    }
  })

  test('has a channel and an operation for every event that a connector declares, with its description', () => {
    const declared = hub.hub.integrations.connectors.flatMap(({ name, events = {} }) =>
      Object.entries(events).map(([event, description]) => [`${name}.${event}`, description] as const),
    )
    assert.ok(declared.length > 30)
    for (const [type, description] of declared) {
      assert.equal(document.channels[type]?.address, type)
      assert.equal(document.channels[type].description, description)
      assert.deepEqual(document.operations[`send_${type}`], {
        action: 'send',
        summary: description,
        channel: { $ref: `#/channels/${type}` },
        tags: [{ name: 'events' }],
      })
    }
  })

  test('takes the example of every tool as a command that the hub reads, and refuses other parameters', () => {
    for (const { name, action } of tools) {
      const command = {
        tool_name: name,
        parameters: action.example,
        task_id: 7,
        step_id: 'a',
        idempotency_key: 'k',
        integration: 'main',
        approval_id: 'apr_1',
        session: 's',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      }
      assert.equal(faults(`${name}_command`, 'payload', command), '', name)
      const parsed = parseCommand({ topic: '', properties: {}, redeliveries: 0, body: Buffer.from(JSON.stringify(command)) })
      assert.ok('tool' in parsed)
      assert.deepEqual(
        [parsed.tool, parsed.taskId, parsed.stepId, parsed.key, parsed.integration, parsed.approval, parsed.session, parsed.traceparent],
        [name, '7', 'a', 'k', 'main', 'apr_1', 's', command.traceparent],
      )
      assert.notEqual(faults(`${name}_command`, 'payload', { ...command, parameters: 'none' }), '', name)
      assert.notEqual(faults(`${name}_command`, 'payload', { ...command, tool_name: 'another' }), '', name)
    }
    assert.match(faults('jira_get_issue_command', 'payload', { tool_name: 'jira_get_issue' }), /parameters/)
  })

  test('describes the result of a real call', async () => {
    const principal = await hub.hub.access.operator('tester')
    const outcome = await hub.hub.tools.invoke(principal, 'hub_list_integrations', {}, { transport: 'amqp' })
    const result = completedResult(sent({ tool: 'hub_list_integrations', taskId: 't' }), outcome, 1_000_000)
    assert.equal(faults('hub_list_integrations_completed', 'payload', bodyOf(result)), '')
    assert.equal(faults('hub_list_integrations_completed', 'headers', headersOf(result)), '')
    assert.notEqual(faults('hub_list_integrations_completed', 'payload', { ...(bodyOf(result) as object), result: [] }), '')
    assert.notEqual(faults('jira_get_issue_completed', 'payload', bodyOf(result)), '')
    assert.notEqual(faults('failed', 'payload', bodyOf(result)), '')
  })

  test('describes results of calls that failed', () => {
    const errors = [
      hubError('command_invalid', { detail: 'the message is not a JSON object' }),
      hubError('rate_limited', { retryAfter: 3 }),
      hubError('approval_required', { hint: 'wait', approvalId: 'apr_1', invocationId: 'inv_1' }),
    ]
    for (const error of errors) {
      const { message, code, details } = error
      const result = failedResult(sent({ tool: unknownTool }), { message, code, details, retryable: error.entry.retryable })
      assert.equal(faults('failed', 'payload', bodyOf(result)), '', code)
      assert.equal(faults('failed', 'headers', headersOf(result)), '', code)
      assert.notEqual(faults('failed', 'payload', { ...(bodyOf(result) as object), error_code: 'made_up' }), '')
    }
  })

  test('describes events of an integration and of a flow', () => {
    const event: HubEvent = {
      id: 'evt_1',
      workspaceId: 'ws_1',
      type: 'github.push',
      connector: 'github',
      integrationId: 'int_1',
      integration: 'github',
      subject: 'octo/a',
      data: { ref: 'x' },
      receivedAt: new Date(),
      replays: 0,
    }
    const ofFlow = { ...event, integration: null, subject: null, origin: { flow: 'f', run: 'run_1' } }
    for (const each of [event, ofFlow])
      for (const maxBytes of [1000, 3]) {
        const message = messageOf(each, { topic: null, key: null }, maxBytes)
        const headers = headersOf(message)
        assert.equal(faults('event', 'headers', headers), '')
        const known = document.components.schemas.event_headers.properties
        assert.deepEqual(
          Object.keys(headers).filter((name) => !Object.hasOwn(known, name)),
          [],
        )
        assert.notEqual(faults('event', 'headers', { ...headers, 'cloudEvents:id': undefined }), '')
      }
  })

  test('does not say where a broker is', async () => {
    await using connected = await testHub({ AMQP_URL: 'amqp://user:word@secret.internal:5699', AMQP_HUB_TOKEN: adminToken })
    const { payload } = await connected.with({ token: null }).call('GET', '/asyncapi.json')
    assert.ok(payload.includes('rabbitmq.example.com'))
    for (const part of ['secret.internal', 'word@', '5699']) assert.ok(!payload.includes(part), part)
  })

  test('refers to nothing that is missing', () => {
    const places = new Set([...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!))
    assert.ok(places.size > 200)
    for (const path of places) {
      const found = path.split('/').reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], document)
      assert.ok(found, path)
    }
  })
})

test('the description names the exchanges of the operator', () => {
  const pulsar = { pulsarNamespace: 'tenant-x/space-x', pulsarCommands: 'in-x', pulsarResults: 'out-x' }
  const made = JSON.stringify(
    asyncApi({ version: '1', tools: [], connectors: [] }, { commandsExchange: 'one.x', eventsExchange: 'two.x', ...pulsar }),
  )
  for (const name of ['tenant-x', 'space-x', 'in-x', 'out-x']) assert.ok(made.includes(name), name)
  assert.ok(made.includes('"name":"one.x"') && made.includes('"name":"two.x"'))
})
