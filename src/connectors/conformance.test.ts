import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { z } from 'zod'
import { configFor, isWrite, sampleCredential } from '#test'
import { HubError, type AuthMethod, type Connector, type CredentialValues, type ErrorCode } from '#kit'
import { runAction, upstream, type Scripted } from '#kit/testing'
import { connectors } from './index.ts'

/**
 * Checks the rules for all connectors. Exceptions, such as connectors without HTTP, are listed here with a reason.
 */
const notHttp: Readonly<Record<string, string>> = {
  smtp: 'speaks SMTP; its own tests drive a scripted mail server through the same failures',
}

const verbs = new Set(
  `list get search find create update delete add remove put set send schedule merge close open comment compare dispatch label unlabel request review
   assign link transition invite archive upload publish notify subscribe unsubscribe verify ask submit rerun retry cancel reopen download join react read test`.split(
    /\s+/,
  ),
)

/** Connectors that share a folder, because they differ in their names only. */
const families: Readonly<Record<string, string>> = { docusaurus: 'docs_site', gitbook: 'docs_site', vitepress: 'docs_site' }

const oddNames: Readonly<Record<string, string>> = {
  request: 'the http connector has one action, and its name is what it does',
  ask: 'asks a model; there is nothing else in it to name',
  send: 'smtp sends one kind of thing: mail',
  verify: 'smtp: proves the connection, as its protocol calls it',
}

for (const connector of connectors) {
  suite(`connector ${connector.name}`, () => {
    const folder = join(import.meta.dirname, families[connector.name] ?? connector.name)

    test('is one folder with a README that names every tool', () => {
      const readme = readFileSync(join(folder, 'README.md'), 'utf8')
      for (const verb of Object.keys(connector.actions))
        assert.ok(readme.includes(`${connector.name}_${verb}`), `README.md does not name ${connector.name}_${verb}`)
      assert.match(readme, /credential/i)
      assert.ok(existsSync(join(folder, 'index.ts')))
    })

    test('names its actions verb_noun and describes each for an agent', () => {
      for (const [name, action] of Object.entries(connector.actions)) {
        assert.match(name, /^[a-z]+(_[a-z0-9]+)*$/, name)
        const [verb = ''] = name.split('_')
        assert.ok(name in oddNames || (verbs.has(verb) && name.includes('_')), `${name} is not verb_noun`)
        assert.ok(action.description.length >= 80, `${name}: the description is too short to choose by`)
        assert.match(action.description, /Returns|Answers/, `${name}: the description does not say what it returns`)
        assert.ok(['read', 'write', 'destroy'].includes(action.effect), name)
        if (/^(list|get|search|find|compare)/.test(name)) assert.equal(action.effect, 'read', name)
        if (/^(delete|destroy)/.test(name)) assert.equal(action.effect, 'destroy', name)
      }
    })

    test('declares for each action the words people use for it', () => {
      for (const [name, { words }] of Object.entries(connector.actions)) {
        const phrases = words.split(',').map((phrase) => phrase.trim())
        assert.ok(phrases.length >= 5 && phrases.every((phrase) => phrase !== ''), `${name} declares fewer than five words or phrases`)
        assert.equal(new Set(phrases).size, phrases.length, `${name} declares a phrase twice`)
      }
    })

    test('describes every input field, and refuses unknown ones', () => {
      for (const [name, action] of Object.entries(connector.actions)) {
        const schema = z.toJSONSchema(action.input, { io: 'input', unrepresentable: 'any' })
        for (const place of undescribed(schema)) assert.fail(`${name}: ${place} has no description`)
        assert.ok(!action.input.safeParse({ ...(action.example as object), no_such_field: 1 }).success, `${name} swallows unknown fields`)
        const example = action.input.safeParse(action.example)
        assert.ok(example.success, `${name}: the example does not fit: ${example.error?.message}`)
      }
    })

    test('marks its secrets', () => {
      for (const method of connector.auth) {
        if (Object.keys(method.fields.shape).length === 0) continue
        assert.ok(secretFields(method).length > 0, `${method.type} has no field marked secret`)
        for (const [name, field] of Object.entries(method.fields.shape)) {
          const named = /token|secret|password|key$/.test(name) && !/^(key_id|api_key_id)$/.test(name)
          if (named)
            assert.equal((field as z.ZodType).meta()?.['secret'], true, `${method.type}.${name} looks like a secret and is not marked`)
        }
      }
      for (const name of Object.keys(connector.config.shape))
        assert.doesNotMatch(name, /token|password|secret|api_key/, `config.${name} would be shown`)
    })

    test('has a test per action', () => {
      const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(test|services)\.ts$/.test(file))
      const text = tests.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')
      for (const name of Object.keys(connector.actions)) assert.ok(text.includes(`'${name}'`), `no test calls '${name}'`)
    })

    if (connector.name in notHttp) return

    for (const [status, code] of [
      [401, 'vendor_unauthorized'],
      [403, 'vendor_forbidden'],
      [404, 'vendor_not_found'],
      [429, 'vendor_rate_limited'],
      [500, 'vendor_failed'],
      [503, 'vendor_failed'],
    ] as const) {
      test(`turns ${status} into ${code}, and shows no secret`, () =>
        expectEverywhere(connector, {
          answer: ({ secret }) => ({ status, body: { message: `no, ${secret}`, error: `no, ${secret}`, ok: false } }),
          // A system that fails may have made the change before.
          expected: (sent) => (sent && code === 'vendor_failed' ? 'outcome_unknown' : code),
        }))
    }

    test('reports a timeout if no answer comes, and an unknown outcome for writes', () =>
      expectEverywhere(connector, {
        answer: () => ({ fault: 'hang' }),
        expected: (sent) => (sent ? 'outcome_unknown' : 'vendor_timeout'),
        timeoutMs: 120,
      }))

    test('reports a lost connection as unreachable, and an unknown outcome for writes', () =>
      expectEverywhere(connector, {
        answer: () => ({ fault: 'cut' }),
        expected: (sent) => (sent ? 'outcome_unknown' : 'vendor_unreachable'),
      }))

    test('reports a web page as an invalid response', async () => {
      await expectEverywhere(connector, {
        answer: () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' }),
        expected: (sent) => (sent ? 'outcome_unknown' : 'vendor_invalid_response'),
        mayPass: true,
      })
    })

    test('shows the request of a dry run without secrets, and sends no write', async () => {
      const credential = sampleCredential(connector)
      for (const [name, action] of Object.entries(connector.actions)) {
        if (action.effect === 'read') continue
        await using api = await upstream(() => ({ status: 404, body: {} }))
        const shown = await runAction(connector, name, {
          input: action.example,
          credential,
          config: configFor(connector, api.url),
          dryRun: true,
        }).catch((error: unknown) => {
          // A lookup before the write failed, so there is no preview, and nothing was sent.
          assert.ok(error instanceof HubError, `${name}: ${String(error)}`)
          return undefined
        })
        for (const { method } of api.requests) assert.ok(['GET', 'HEAD', 'POST'].includes(method), `${name} sent ${method}`)
        assertNoSecret(connector, credential, { name, text: JSON.stringify(shown ?? null) })
      }
    })
  })
}

interface Expectation {
  readonly answer: (known: { secret: string }) => Scripted
  readonly expected: (sent: boolean) => ErrorCode
  readonly timeoutMs?: number
  readonly mayPass?: boolean
}

/** Runs every action's example against an upstream that always gives this answer, and expects the same error from all. */
async function expectEverywhere(connector: Connector, { answer, expected, timeoutMs = 2000, mayPass = false }: Expectation): Promise<void> {
  const credential = sampleCredential(connector)
  const secret = String(Object.values(credential).at(-1) ?? '')
  await Promise.all(
    Object.entries(connector.actions).map(async ([name, action]) => {
      await using api = await upstream(() => answer({ secret }))
      const run = runAction(connector, name, { input: action.example, credential, config: configFor(connector, api.url), timeoutMs })
      const error = await run.then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      if (error === undefined && mayPass) return
      assert.ok(error instanceof HubError, `${name}: ${String(error)}`)
      const text = `${error.message} ${JSON.stringify({ ...error.details, cause: undefined })}`
      assertNoSecret(connector, credential, { name, text })
      const sent = action.effect !== 'read' && isWrite(api.requests.at(-1)?.method)
      const wanted = expected(sent)
      assert.equal(error.code, wanted, `${name}: ${error.message}`)
    }),
  )
}

function secretFields(method: AuthMethod): string[] {
  return Object.entries(method.fields.shape).flatMap(([name, field]) => ((field as z.ZodType).meta()?.['secret'] === true ? [name] : []))
}

/** Checks what an action of this name showed. */
function assertNoSecret(connector: Connector, credential: CredentialValues, { name, text }: { name: string; text: string }): void {
  const names = new Set(connector.auth.flatMap(secretFields))
  for (const [field, value] of Object.entries(credential))
    if (names.has(field)) assert.ok(!text.includes(String(value)), `${name} shows the credential's ${field}`)
}

function* undescribed(schema: unknown, place = 'input'): Generator<string> {
  const { properties, items, anyOf } = schema as { properties?: Record<string, unknown>; items?: unknown; anyOf?: unknown[] }
  for (const [name, field] of Object.entries(properties ?? {})) {
    if (typeof (field as { description?: string }).description !== 'string') yield `${place}.${name}`
    yield* undescribed(field, `${place}.${name}`)
  }
  if (items) yield* undescribed(items, `${place}[]`)
  for (const option of anyOf ?? []) yield* undescribed(option, place)
}
