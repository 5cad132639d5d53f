import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from './command.ts'

const home = join(import.meta.dirname, '../..')
const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { imports: Record<string, string> }
const faces = Object.keys(manifest.imports).map((face) => face.replace('*', 'clock'))

/** Who may import which faces, by folder or file; whatever is not named here may not be imported there. */
const kit = ['#lib/clock', '#kit']
const db = [...kit, '#telemetry', '#db']
const integrations = [...db, '#outbox', '#access', '#credentials', '#integrations']
const events = [...integrations, '#engine', '#expressions', '#events', '#tools']
const modules = [...events, '#webhooks', '#flows'].filter((face) => face !== '#outbox')
const mayImport: Readonly<Record<string, readonly string[]>> = {
  lib: ['#lib/clock'],
  kit: ['#lib/clock'],
  'kit/http': ['#lib/clock'],
  'kit/webhook': ['#lib/clock'],
  telemetry: kit,
  db: [...kit, '#telemetry'],
  'db/embedded': [...kit, '#telemetry'],
  engine: db,
  outbox: db,
  expressions: [...kit, '#telemetry'],
  access: db,
  credentials: [...db, '#access'],
  integrations: [...db, '#outbox', '#access', '#credentials'],
  events: [...integrations, '#engine', '#expressions'],
  'events/outbound': [...integrations, '#engine', '#expressions'],
  tools: [...integrations, '#engine'],
  webhooks: events,
  flows: events,
  'flows/definition': events,
  connectors: kit,
  'connectors/github': kit,
  'connectors/github/actions': kit,
  'doors/rest': modules,
  'doors/rest/deep': modules,
  cli: [...modules, '#config', '#hub'],
  'config.ts': ['#lib/clock'],
  'version.ts': ['#lib/clock'],
  'hub.ts': [...modules, '#outbox', '#connectors', '#config', '#doors/rest', '#doors/mcp'],
  'connect.ts': [...modules, '#outbox', '#connectors', '#config', '#doors/rest', '#doors/mcp'],
  'main.ts': [],
}
const fileOf = (place: string): string => join('src', place.endsWith('.ts') ? place : `${place}/a.ts`)

test('an import against the direction of the layers is refused everywhere, and one along it nowhere', () => {
  // Also faces to come, so that a new module begins with the rules in force.
  const all = [...new Set([...faces, ...modules, '#sync', '#doors/mcp', '#kit/http', '#tools/store'])]
  const tree = Object.fromEntries(
    Object.keys(mayImport).map((place) => [fileOf(place), all.map((face, i) => `import * as f${i} from '${face}'`)]),
  )
  const refused = lint(tree, 'no-restricted-imports')
  for (const [place, allowed] of Object.entries(mayImport)) {
    const expected = all.filter((face) => !allowed.includes(face))
    assert.deepEqual(
      refused.get(fileOf(place))?.map((line) => all[line - 1]),
      expected,
      `src/${place}`,
    )
    assert.ok(expected.length > 0)
  }
})

test('the way into another module’s rooms is refused from every depth, however the import is written', () => {
  const ways = [
    (to: string) => `import { x1 } from '${to}'`,
    (to: string) => `import type { x2 } from './${to}'`,
    (to: string) => `export { x3 } from '${to}'`,
    (to: string) => `export * from '${to}'`,
    (to: string) => `export const x4 = import('${to}')`,
  ]
  const places = Object.keys(mayImport).filter((place) => !place.endsWith('.ts'))
  const tree = Object.fromEntries(
    places.map((place) => {
      const to = `${relative(join('src', place), 'src/other')}/store.ts`
      return [fileOf(place), ways.map((way) => way(to))]
    }),
  )
  const refused = lint(tree, 'no-restricted-imports')
  for (const place of places) assert.deepEqual(refused.get(fileOf(place)), [1, 2, 3, 4, 5], `src/${place}`)

  const rooms = {
    'src/hub.ts': ['./db/pool.ts', './cli/index.ts', './main.ts', './config.ts', './connectors/github/index.ts', './doors/rest/server.ts'],
    'src/config.ts': ['./db/pool.ts', './hub.ts'],
    'src/main.ts': ['./hub.ts', './config.ts', './db/index.ts'],
    'src/cli/token.ts': ['../hub.ts', '../db/index.ts'],
    'src/connectors/github/auth.ts': ['../jira/auth.ts'],
    'src/connectors/github/actions/get.ts': ['../../jira/auth.ts'],
    'src/doors/rest/routes.ts': ['../trpc/routes.ts'],
  }
  const inside = {
    'src/hub.ts': ['./version.ts', './connect.ts'],
    'src/version.ts': ['../package.json'],
    'src/main.ts': ['./cli/index.ts'],
    'src/cli/token.ts': ['../version.ts', './output.ts'],
    'src/db/index.ts': ['./embedded/index.ts'],
    'src/db/embedded/index.ts': ['../pool.ts'],
    'src/flows/definition/index.ts': ['../schedule/cron.ts'],
    'src/connectors/index.ts': ['./github/index.ts'],
    'src/connectors/github/actions/get.ts': ['../auth.ts'],
    'src/doors/rest/tools/call.ts': ['../server.ts'],
  }
  const written = (files: Record<string, string[]>): Record<string, string[]> =>
    Object.fromEntries(Object.entries(files).map(([file, paths]) => [file, paths.map((path, i) => `import * as f${i} from '${path}'`)]))
  for (const [file, lines] of lint(written(rooms), 'no-restricted-imports')) {
    assert.deepEqual(
      lines,
      rooms[file as keyof typeof rooms].map((_, i) => i + 1),
      file,
    )
  }
  assert.equal(lint(written(rooms), 'no-restricted-imports').size, Object.keys(rooms).length)
  assert.deepEqual([...lint(written(inside), 'no-restricted-imports')], [])
})

test('the environment is read in src/config.ts alone', () => {
  const reads = ['export const a = process.env.HUB_PORT', "export const b = process.env['HUB_PORT']", 'export const c = { ...process.env }']
  const places = ['lib/a.ts', 'kit/http/a.ts', 'tools/a.ts', 'connectors/github/a.ts', 'doors/rest/a.ts', 'cli/a.ts', 'hub.ts', 'main.ts']
  const tree = Object.fromEntries(places.map((place) => [`src/${place}`, reads]))
  const refused = lint({ ...tree, 'src/config.ts': reads, 'test/a.ts': reads, 'src/tools/a.test.ts': reads }, 'no-process-env')
  assert.deepEqual(
    [...refused],
    Object.keys(tree)
      .toSorted()
      .map((file) => [file, [1, 2, 3]]),
  )

  const imported = Object.fromEntries(
    [...places, 'config.ts'].map((place) => [`src/${place}`, ["import { env } from 'node:process'", "import * as p from 'process'"]]),
  )
  const found = lint(imported, 'no-restricted-imports')
  for (const file of Object.keys(imported)) assert.deepEqual(found.get(file), [1, 2], file)
})

test('every folder and file of src stands in the rules, and every face leads to a file that is there', () => {
  const found = readdirSync(join(home, 'src'), { withFileTypes: true })
    .filter(({ name }) => !/\.(test|services)\.ts$/.test(name))
    .map(({ name }) => name)
  const known = new Set(Object.keys(mayImport).map((place) => place.split('/')[0]))
  assert.deepEqual(
    found.filter((name) => !known.has(name)),
    [],
  )
  for (const [face, target] of Object.entries(manifest.imports)) {
    assert.match(target, /^\.\/(src\/(\w+\/)*(index|testing)\.ts|src\/\w+\.ts|src\/lib\/\*\.ts|test\/(\w+)\/index\.ts)$/, face)
    assert.ok(readFileSync(join(home, target.replace('*', 'clock'))).length > 0)
  }
})

/** The lines that one rule complains about, by file, in a tree that holds these files and the repository's own configuration. */
function lint(files: Readonly<Record<string, readonly string[]>>, rule: string): Map<string, number[]> {
  using folder = temporaryFolder()
  copyFileSync(join(home, '.oxlintrc.json'), join(folder.path, '.oxlintrc.json'))
  for (const [file, lines] of Object.entries(files)) {
    mkdirSync(dirname(join(folder.path, file)), { recursive: true })
    writeFileSync(join(folder.path, file), `${lines.join('\n')}\n`)
  }
  const oxlint = join(home, 'node_modules/oxlint/bin/oxlint')
  const { stdout, stderr } = spawnSync(process.execPath, [oxlint, '--format', 'json', '.'], { cwd: folder.path, encoding: 'utf8' })
  assert.equal(stderr, '')
  interface Complaint {
    code: string
    filename: string
    labels: { span: { line: number } }[]
  }
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: Complaint[] }
  const found = new Map<string, number[]>()
  for (const { code, filename, labels } of diagnostics.toSorted((a, b) => a.filename.localeCompare(b.filename))) {
    if (!code.includes(`(${rule})`)) continue
    found.set(
      filename,
      [...(found.get(filename) ?? []), labels[0]!.span.line].toSorted((a, b) => a - b),
    )
  }
  return found
}
