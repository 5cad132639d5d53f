import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from './command.ts'

const home = join(import.meta.dirname, '../..')

/** A file, one line of it, and whether the rules refuse it. */
const lines: readonly (readonly [file: string, line: string, refused: boolean])[] = [
  ['src/tools/along.ts', "import '#access'", false],
  ['src/tools/own-folder.ts', "import './store.ts'", false],
  ['src/connectors/github/actions/own-module.ts', "import '../auth.ts'", false],
  ['src/hub.ts', "import '#flows'", false],
  ['src/tools/tools.test.ts', "import '#hub'", false],
  ['src/integrations/publishes.ts', "import '#events/publish'", false],

  ['src/tools/against.ts', "import '#flows'", true],
  ['src/tools/against-type.ts', "import type { Flows } from '#flows'", true],
  ['src/tools/against-reexport.ts', "export * from '#flows'", true],
  ['src/tools/against-dynamic.ts', "await import('#flows')", true],
  ['src/kit/webhook/against.ts', "import '#db'", true],
  ['src/integrations/against.ts', "import '#events'", true],
  ['src/transports/rest/connectors.ts', "import '#connectors'", true],
  ['src/events/publish/own-parent.ts', "import '../store.ts'", true],
  ['src/unknown/module.ts', "import '#tools'", true],
  ['src/tools/other-file.ts', "import '../access/store.ts'", true],
  ['src/flows/runs/other-file.ts', "import '../../access/store.ts'", true],
  ['src/load.ts', "import './tools/store.ts'", true],
  ['src/tools/other.test.ts', "import '../access/store.ts'", true],
  ['src/tools/test-helper.ts', "import '#test'", true],
  ['src/tools/stand-in.ts', "import '../../test/standins/github.ts'", true],
  ['src/tools/environment.ts', "import 'node:process'", true],
  ['src/access/cycle-a.ts', "import type { B } from './cycle-b.ts'\nexport type A = B | 1", true],
  ['src/access/cycle-b.ts', "import type { A } from './cycle-a.ts'\nexport type B = A | 2", true],
]

test('an import that crosses a boundary is refused, and one that does not is allowed', () => {
  using folder = temporaryFolder()
  for (const name of ['oxlint.config.ts', 'package.json']) copyFileSync(join(home, name), join(folder.path, name))
  symlinkSync(join(home, 'node_modules'), join(folder.path, 'node_modules'))
  for (const [file, line] of lines) {
    mkdirSync(dirname(join(folder.path, file)), { recursive: true })
    writeFileSync(join(folder.path, file), `${line}\n`)
  }
  const { stdout, stderr } = spawnSync(join(home, 'node_modules/.bin/oxlint'), ['--format', 'json', 'src'], {
    cwd: folder.path,
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.equal(stderr, '')
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] }
  const refused = new Set(
    diagnostics
      .filter(({ code }) => /no-restricted-imports|no-cycle/.test(code))
      .map(({ filename }) => relative(folder.path, join(folder.path, filename))),
  )
  assert.deepEqual(
    lines.map(([file, line]) => [file, line, refused.has(file)]),
    lines,
  )
})
