import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Command } from 'commander'
import { freshDatabase, testHub } from '#test'
import { createProgram } from '../../src/cli/index.ts'
import { assertNoStack, hubProcess as hub, hubUnread, temporaryFolder } from './command.ts'

const secretKeys = `test:${Buffer.alloc(32, 7).toString('base64')}`

test('every command, argument and option says what it is, and every command stands in a group', () => {
  const visit = (command: Command, path: string): void => {
    const help = command.helpInformation()
    assert.match(help, /^Usage: hub/, path)
    assert.ok(command.description(), `${path} has no description`)
    for (const argument of command.registeredArguments) assert.ok(argument.description, `${path} <${argument.name()}> has no description`)
    for (const option of command.options) assert.ok(option.description, `${path} ${option.flags} has no description`)
    for (const child of command.commands) visit(child, `${path} ${child.name()}`)
  }
  const program = createProgram()
  visit(program, 'hub')
  assert.ok(program.commands.length >= 10)
  for (const command of program.commands) assert.ok(command.helpGroup(), `${command.name()} stands in no group`)
})

test('help and version are answered, a slip is met with the nearest command, and each ends with its code', async () => {
  const [help, one, version, slip, deeper, missing, none, bad] = await Promise.all([
    hub(['--help'], {}),
    hub(['keys', 'rotate', '--help'], {}),
    hub(['--version'], {}),
    hub(['tokn', 'list'], {}),
    hub(['token', 'creat', 'x'], {}),
    hub(['token', 'create', 'x'], {}),
    hub([], {}),
    hub(['token', 'create', 'x', '--scope', 'admin', '--expires', 'soon'], {}),
  ])
  assert.deepEqual(
    [help, one, version, slip, deeper, missing, none, bad].map(({ code }) => code),
    [0, 0, 0, 2, 2, 2, 2, 2],
  )
  assert.match(help.out, /Run the hub:[^]*hub doctor[^]*Exit codes: 0 done, 1 failed, 2 wrong usage/)
  assert.match(one.out, /--keep-key/)
  assert.match(version.out, /^\d+\.\d+\.\d+\n$/)
  assert.match(slip.err, /unknown command 'tokn'\n\(Did you mean token\?\)/)
  assert.match(deeper.err, /Did you mean create\?/)
  assert.match(missing.err, /required option '-s, --scope <scopes>' not specified/)
  assert.match(none.err, /Usage: hub/)
  assert.match(bad.err, /a duration such as 30m, 12h or 90d is expected/)
  for (const ran of [slip, deeper, missing, none, bad]) assertNoStack(ran)
})

test('a reader that has had enough, such as head, is no fault', async () => {
  const [help, config] = await Promise.all([hubUnread(['--help'], {}), hubUnread(['config'], {})])
  for (const { code, err } of [help, config]) assert.deepEqual([code, err], [0, ''])
})

test('faults in the settings are all told at once, in words and in JSON, and doctor knows them too', async () => {
  const env = { HUB_PORT: '70000', HUB_PROT: '3000', LOG_LEVEL: 'loud', HUB_SECRET_KEYS: 'short', HUB_DATA_DIR: '/nowhere' }
  const [text, json, doctor] = await Promise.all([hub(['serve'], env), hub(['token', 'list', '--json'], env), hub(['doctor'], env)])
  assert.deepEqual(
    [text, json, doctor].map(({ code }) => code),
    [1, 1, 1],
  )
  assert.match(text.err, /^hub: the configuration has 4 faults:\n/)
  for (const fault of [
    /- HUB_PROT is not a setting of the hub; did you mean HUB_PORT\?/,
    /- HUB_PORT: /,
    /- LOG_LEVEL: /,
    /- HUB_SECRET_KEYS: /,
  ])
    assert.match(text.err, fault)
  assert.equal(text.out, '')
  const told = JSON.parse(json.err) as { code: string; faults: string[] }
  assert.equal(told.code, 'bad_settings')
  assert.equal(told.faults.length, 4)
  assert.match(doctor.out, /^ok {3}Node: v24[^]*BAD {2}settings: .*HUB_PROT[^]*fix: fix them/)
  for (const ran of [text, json, doctor]) assertNoStack(ran)
})

test('a port in use and a data folder that cannot be written end the start with one clear line', async () => {
  using folder = temporaryFolder()
  await using database = await freshDatabase()
  await using taken = await takenPort()
  const { place } = taken
  // Under a file there can be no folder, also not for root.
  writeFileSync(join(folder.path, 'file'), '')
  const unwritable = join(folder.path, 'file', 'data')
  const external = { DATABASE_URL: database.url, HUB_SECRET_KEYS: secretKeys, HUB_DATA_DIR: folder.path }
  const [busy, unwritten, doctor] = await Promise.all([
    hub(['serve'], { ...external, HUB_PORT: place, LOG_LEVEL: 'warn' }),
    hub(['serve'], { HUB_DATA_DIR: unwritable }),
    hub(['doctor'], { HUB_DATA_DIR: unwritable, HUB_PORT: place }),
  ])
  assert.equal(busy.code, 1)
  assert.equal(busy.said, `hub: the port is in use: 127.0.0.1:${place}\n     set HUB_PORT to another one\n`)
  assert.equal(unwritten.code, 1)
  assert.equal(
    unwritten.said,
    `hub: the data folder ${unwritable} cannot be written (ENOTDIR)\n     set HUB_DATA_DIR to a folder that this user owns\n`,
  )
  assert.equal(doctor.code, 1)
  assert.match(doctor.out, /BAD {2}data folder: .*cannot be written \(ENOTDIR\)\n {7}fix: set HUB_DATA_DIR/)
  assert.match(doctor.out, new RegExp(`BAD {2}port: 127\\.0\\.0\\.1:${place} is in use.*\\n {7}fix: stop what uses it, or set HUB_PORT`))
  assert.match(doctor.out, /BAD {2}database: .*\n {7}fix: /)
  assert.match(doctor.out, /ok {3}settings: no faults/)
  assertNoStack(doctor)
})

test('doctor warns of a short secret of a webhook, which is nothing bad', async () => {
  await using hubs = await testHub()
  const { credentials, access, config } = hubs.hub
  await credentials.set(await access.operator('tester'), { name: 'github-webhook-secret', data: { token: 'short-secret' } })
  using folder = temporaryFolder()
  const env = { DATABASE_URL: config.DATABASE_URL!, HUB_SECRET_KEYS: secretKeys, HUB_DATA_DIR: folder.path, HUB_PORT: '0' }
  const [text, json] = await Promise.all([hub(['doctor'], env), hub(['doctor', '--json'], env)])
  assert.equal(text.code, 0, text.out + text.said)
  assert.match(text.out, /warn webhook secrets: .*credential github-webhook-secret.*\n {7}fix: set a random one/)
  assert.ok(!text.out.includes('short-secret'))
  const found = (JSON.parse(json.out) as { check: string; ok: boolean; warning?: boolean }[]).find(
    ({ check }) => check === 'webhook secrets',
  )
  assert.deepEqual([found?.ok, found?.warning], [true, true])
})

test('a data folder in a file system that lets nobody create one is refused by serve and doctor at once', async () => {
  const [serve, doctor] = await Promise.all(['serve', 'doctor'].map((command) => hub([command], { HUB_DATA_DIR: '/proc/no-such-folder' })))
  assert.equal(serve!.code, 1)
  assert.match(
    serve!.said,
    /the data folder \/proc\/no-such-folder cannot be written \((ENOENT|EACCES|EPERM|ENOTSUP)\)\n {5}set HUB_DATA_DIR/,
  )
  assert.equal(doctor!.code, 1)
  assert.match(doctor!.out, /BAD {2}data folder: the data folder \/proc\/no-such-folder cannot be written/)
})

test('a database that cannot be reached is told with what to check, without its password', async () => {
  const env = { DATABASE_URL: 'postgres://hub:open-sesame@127.0.0.1:1/hub', HUB_SECRET_KEYS: secretKeys }
  const ran = await hub(['token', 'list'], env)
  assert.equal(ran.code, 1)
  assert.match(ran.err, /^hub: the database cannot be reached \(ECONNREFUSED\)\n {5}check DATABASE_URL/)
  assert.ok(!ran.said.includes('open-sesame'))
})

async function takenPort(): Promise<AsyncDisposable & { readonly place: string }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    place: String((server.address() as AddressInfo).port),
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
