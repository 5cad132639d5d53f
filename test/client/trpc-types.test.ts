import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../e2e/command.ts'

const home = join(import.meta.dirname, '../..')
const tsc = join(home, 'node_modules/.bin/tsc')

interface Compiled {
  readonly output: string
  readonly errors: number
}

function compile(cwd: string, args: readonly string[]): Promise<Compiled> {
  return new Promise((resolve, reject) => {
    execFile(tsc, args, { cwd }, (error, output) => {
      // A compiler that found errors has an output.
      if (error && output === '') reject(error)
      else resolve({ output, errors: output.match(/error TS/g)?.length ?? 0 })
    })
  })
}

const program = (lines: string): string => `import { createTRPCClient, httpLink, TRPCClientError } from '@trpc/client'
import type { AppRouter, Problem } from '@integration-hub/client/trpc'
const hub = createTRPCClient<AppRouter>({ links: [httpLink({ url: 'http://localhost:3000/trpc' })] })
${lines}
`

const right = `const { items } = await hub.runs.list.query({ status: 'failed' })
export const ids: string[] = items.map(({ id }) => id)
await hub.tokens.list.query()
const { output } = await hub.tools.call.mutate({ name: 'github_get_repo', input: { owner: 'a' } })
export const what: unknown = output
const { authUrl } = await hub.integrations.initProviderAuth.mutate({
  workspaceId: 'default',
  redirectUrl: 'https://app.example.com/auth-callback',
  providerType: 'GitHub',
})
export const next: string = authUrl
hub.runs.watch.subscribe({ id: ids[0]!, lastEventId: '1' }, {
  onData: ({ id, data }) => {
    const name: 'run' | 'step' = data.event
    if (data.event === 'run') console.log(id.length, name, data.data.flow)
  },
  onError: ({ data }) => console.log(data?.problem.code),
})
export function problemOf(error: unknown): Problem | undefined {
  return error instanceof TRPCClientError ? (error as TRPCClientError<AppRouter>).data?.problem : undefined
}`

/** Each is one error. */
const wrong = [
  "await hub.runs.list.query({ status: 'lost' })",
  'await hub.runs.list.query({ unknown: 1 })',
  "await hub.runs.list.mutate({ status: 'failed' })",
  'await hub.runs.get.query()',
  "export const count: number = (await hub.runs.get.query({ id: 'a' })).id",
  'await hub.runs.nothing.query()',
  "await hub.runs.watch.query({ id: 'a' })",
]

test('a program with the type of the router compiles against the package alone, and each wrong line is an error', async () => {
  using folder = temporaryFolder()
  const modules = join(folder.path, 'node_modules')
  const installed = join(modules, '@integration-hub/client')
  mkdirSync(installed, { recursive: true })
  assert.equal((await compile(home, ['-p', join(home, 'client'), '--outDir', join(installed, 'dist')])).output, '')
  cpSync(join(home, 'client/package.json'), join(installed, 'package.json'))
  symlinkSync(join(home, 'node_modules/@trpc'), join(modules, '@trpc'))
  // The types of @trpc/server name packages that a client does not need.
  const options = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--lib',
    'es2023,dom',
    '--types',
    '',
  ]

  writeFileSync(join(folder.path, 'right.mts'), program(right))
  assert.equal((await compile(folder.path, [...options, 'right.mts'])).output, '')
  writeFileSync(join(folder.path, 'wrong.mts'), program(`export type { Problem }\n${wrong.join('\n')}`))
  const found = await compile(folder.path, [...options, 'wrong.mts'])
  assert.equal(found.errors, wrong.length, found.output)
  assert.ok(!readFileSync(join(installed, 'dist/generated/trpc.d.ts'), 'utf8').includes('../../src'))
})

test('who uses the package without tRPC needs none of its types', async () => {
  using folder = temporaryFolder()
  const installed = join(folder.path, 'node_modules/@integration-hub/client')
  mkdirSync(installed, { recursive: true })
  await compile(home, ['-p', join(home, 'client'), '--outDir', join(installed, 'dist')])
  cpSync(join(home, 'client/package.json'), join(installed, 'package.json'))
  writeFileSync(
    join(folder.path, 'use.mts'),
    "import { createHub } from '@integration-hub/client'\nexport const hub = createHub({ url: 'x', token: 'y' })\n",
  )
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023,dom', '--types', '', 'use.mts']
  assert.equal((await compile(folder.path, options)).output, '')
})
