import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { parseEnv } from 'node:util'
import { loadConfig, settingNames } from '#config'
import { connectors } from '#connectors'
import { errorCatalogue } from '#errors'
import { generated } from '../../docs/generate.ts'
import { declaredVariables } from '../../src/connector-variables.ts'
import { temporaryFolder } from './command.ts'

const home = join(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(home, file), 'utf8')
const pages = ['.', 'docs', 'bench'].flatMap((folder) =>
  readdirSync(join(home, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
)
const allNames = [...settingNames, ...Object.keys(declaredVariables(connectors))]

test('what the pages say of settings, scopes and errors is what the code says', () => {
  for (const [file, make] of Object.entries(generated)) assert.equal(read(file), make(), `${file} is not what \`npm run docs\` writes`)
  const named = [...read('docs/operate.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name)
  assert.deepEqual(named, allNames)
  const codes = [...read('docs/errors.md').matchAll(/^\| <a id="\w+"><\/a>`(\w+)` \|/gm)].map(([, code]) => code)
  assert.deepEqual(codes, Object.keys(errorCatalogue))
})

test('.env.example names every setting once, and with its marks taken away it is a configuration', () => {
  const example = read('.env.example')
  const names = [...example.matchAll(/^#([A-Z_]+)=/gm)].map(([, name]) => name)
  assert.deepEqual(names, allNames)
  using folder = temporaryFolder()
  const { config } = loadConfig(parseEnv(example.replaceAll(/^#(?=[A-Z_]+=)/gm, '')), folder.path)
  const { config: preset } = loadConfig({}, folder.path)
  assert.deepEqual(config, preset)
})

test('every link between the pages leads to a page and a heading that are there', () => {
  assert.ok(pages.length >= 8)
  let links = 0
  for (const page of pages) {
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? page : relative(home, join(home, dirname(page), path))
      assert.ok(existsSync(join(home, file)), `${page} links to ${target}`)
      if (anchor !== undefined) assert.ok(anchorsOf(read(file)).includes(anchor), `${page} links to ${target}`)
      links += 1
    }
  }
  assert.ok(links > 10)
})

test('the lock file names the packages of every platform, without which npm ci refuses it', () => {
  interface Entry {
    optionalDependencies?: Record<string, string>
  }
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Entry> }
  const there = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')))
  const wanted = Object.values(packages).flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
  assert.ok(wanted.length > 20)
  assert.deepEqual(
    wanted.filter((name) => !there.has(name)),
    [],
    'run `node .ci/complete-lock.mjs`',
  )
})

/** As GitHub makes them of headings. */
function anchorsOf(markdown: string): string[] {
  const headings = [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
  return [...headings, ...[...markdown.matchAll(/<a id="([\w-]+)">/g)].map(([, id = '']) => id)]
}
