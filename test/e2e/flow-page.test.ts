import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sharedHub } from '#test'

test('every example on the page about flows is one that is taken', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/flows.md'), 'utf8')
  const examples = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text]) => text!)
  assert.ok(examples.length >= 5)
  const { hub } = await sharedHub()
  const { workspaceId } = await hub.access.operator('tester')
  await hub.flows.list(workspaceId)
  for (const example of examples) {
    const found = await hub.flows.check(workspaceId, example)
    assert.ok('definition' in found, `${example.split('\n', 1)[0]}: ${JSON.stringify('problems' in found ? found.problems : [], null, 1)}`)
  }
})
