import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runAction, testConnection } from '#kit/testing'
import { connectors } from '../../src/connectors/index.ts'
import { createHomeEnvironment } from '../../src/integrations/environment.ts'

/**
 * Against the real systems, with the tokens that the environment holds: `npm run test:live`. Only looks are made. Not part of any other run.
 */
const looks: Readonly<Record<string, { verb: string; input: object }>> = {
  github: { verb: 'list_repositories', input: { per_page: 1 } },
  gitlab: { verb: 'list_projects', input: { per_page: 1 } },
  jira: { verb: 'list_projects', input: { limit: 1 } },
  slack: { verb: 'list_channels', input: { limit: 1 } },
  zulip: { verb: 'list_streams', input: {} },
  smtp: { verb: 'verify', input: {} },
}

for (const [name, { verb, input }] of Object.entries(looks)) {
  test(`live: ${name} answers its connection test and ${verb}`, async (t) => {
    const connector = connectors.find((candidate) => candidate.name === name)!
    const given = createHomeEnvironment('live', process.env).preset(connector)
    if (!given) return t.skip('its variables are not set; .env.example names them')
    const options = { credential: given.credential, config: given.configAfter({}), timeoutMs: 30_000 }
    t.diagnostic((await testConnection(connector, options)).account)
    assert.ok(await runAction(connector, verb, { ...options, input }))
  })
}
