import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { descendants, isAlive, until } from '#test/faults'
import { runDemo } from './demo.ts'

const lacks = spawnSync('curl', ['--version']).error ? 'curl is not here' : false

test('what the demo says to type works as it stands, is shown, and Ctrl-C ends it all', { skip: lacks }, async () => {
  const demo = runDemo([])
  try {
    await until('the demo is ready', () => demo.said().includes('Ctrl-C ends it all'), 60_000)
    const commands = demo
      .said()
      .slice(demo.said().indexOf('Now you'))
      .match(/^(curl [^]*?'$|HUB_DATA_DIR=.*)$/gm)!
    assert.equal(commands.length, 5)
    for (const command of commands) {
      const answer = execFileSync('sh', ['-e', '-c', command], { cwd: join(import.meta.dirname, '../..'), encoding: 'utf8', stdio: 'pipe' })
      assert.match(answer, /completed/, command)
    }
    await until('what happened outside is shown', () => /on Slack, in #general:\n.*│ Hello from my agent/.test(demo.said()))
    await until('the mail is shown', () => /│ Subject: Hello\n/.test(demo.said()))
    await until('the new review is shown', () => /the review of #1 is now:\n.*2 files/.test(demo.said()))
  } finally {
    const all = descendants(demo.child.pid!)
    demo.child.kill('SIGINT')
    assert.equal(await demo.ended, 0, demo.said())
    await until('its processes are gone', () => all.every(({ pid }) => !isAlive(pid)))
  }
  assert.ok(!existsSync(demo.dataDir()), 'its folder is gone')
})
