import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { sharedHub } from '#test'
import { npmClients } from './install.ts'

interface Parsed {
  readonly document?: {
    channels(): { all(): readonly unknown[] }
    operations(): { all(): readonly { action(): string; messages(): { all(): readonly unknown[] } }[] }
  }
  readonly diagnostics: readonly { readonly code: string; readonly message: string; readonly path: readonly string[] }[]
}

test('the parser of AsyncAPI finds no fault in /asyncapi.json, and what the hub receives and sends', async () => {
  const hub = await sharedHub()
  const { payload } = await hub.with({ token: null }).call('GET', '/asyncapi.json')
  const load = createRequire(join(await npmClients(), 'package.json'))
  const { Parser } = load('@asyncapi/parser') as { Parser: new () => { parse(text: string): Promise<Parsed> } }
  const { document, diagnostics } = await new Parser().parse(payload)
  // It recommends the newest version of the format; generators and readers know 3.0.0.
  assert.deepEqual(
    diagnostics.filter(({ code }) => code !== 'asyncapi-latest-version'),
    [],
  )
  assert.ok(document)
  const operations = document.operations().all()
  assert.deepEqual(
    operations.filter((operation) => operation.action() === 'receive').map((operation) => operation.messages().all().length),
    [hub.hub.tools.registry.all.length, hub.hub.tools.registry.all.length],
  )
  assert.ok(document.channels().all().length > 40)
  const { channels, ...rest } = JSON.parse(payload) as { channels: { failed: object } }
  const broken = {
    ...rest,
    channels: { ...channels, failed: { ...channels.failed, messages: { failed: { $ref: '#/components/messages/none' } } } },
  }
  assert.equal((await new Parser().parse(JSON.stringify(broken))).document, undefined)
})
