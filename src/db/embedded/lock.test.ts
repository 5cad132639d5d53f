import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as pass } from 'node:timers/promises'
import { findOwner, lockFolder } from './lock.ts'

function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), 'hub-lock-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** What a hub leaves behind that is killed: a socket's file that nobody listens on. */
async function leaveStale(folder: string, number: number): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(join(folder, 'bound-here'), resolve))
  renameSync(join(folder, 'bound-here'), join(folder, `hub-${number}.sock`))
  await new Promise((resolve) => server.close(resolve))
}

describe('the lock of a data folder', { concurrency: true }, () => {
  test('who holds the folder is named to others, until it lets go', async () => {
    using folder = temporaryFolder()
    assert.equal(await findOwner(folder.path), undefined)
    const lock = await lockFolder(folder.path)
    assert.equal(await findOwner(folder.path), String(process.pid))
    await assert.rejects(lockFolder(folder.path), new RegExp(`another hub \\(process ${process.pid}\\)`))
    await lock[Symbol.asyncDispose]()
    assert.equal(await findOwner(folder.path), undefined)
    assert.deepEqual(readdirSync(folder.path), [])
  })

  test('of many that want the folder of a killed hub at the same moment, one gets it', async () => {
    using folder = temporaryFolder()
    const rounds = Array.from({ length: 30 }, async (_, round) => {
      const place = join(folder.path, String(round))
      mkdirSync(place)
      if (round % 3 > 0) await leaveStale(place, round)
      if (round % 3 > 1) await leaveStale(place, round + 1)
      const starters = Array.from({ length: 8 }, async () => {
        await pass(60 * Math.random())
        return lockFolder(place)
      })
      const outcomes = await Promise.allSettled(starters)
      const winners = outcomes.filter(({ status }) => status === 'fulfilled')
      assert.equal(winners.length, 1, `round ${round}`)
      assert.equal(readdirSync(place).length, 1)
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') assert.match(String(outcome.reason), /another hub \(process .+\) is running/)
        else await outcome.value[Symbol.asyncDispose]()
      }
    })
    await Promise.all(rounds)
  })

  test('while many come and go, no two ever hold the folder at once', async () => {
    using folder = temporaryFolder()
    let turns = 0
    const rounds = Array.from({ length: 20 }, async (_, round) => {
      const place = join(folder.path, String(round))
      mkdirSync(place)
      await leaveStale(place, 1 + (round % 3))
      let holders = 0
      const starters = Array.from({ length: 6 }, async () => {
        const until = Date.now() + 600
        while (Date.now() < until) {
          await pass(30 * Math.random())
          const lock = await lockFolder(place).catch(() => undefined)
          if (!lock) continue
          holders += 1
          turns += 1
          assert.equal(holders, 1, `round ${round}`)
          await pass(20 * Math.random())
          holders -= 1
          await lock[Symbol.asyncDispose]()
        }
      })
      await Promise.all(starters)
    })
    await Promise.all(rounds)
    assert.ok(turns > 20)
  })

  test('a holder that is stopped, and so says nothing, still holds the folder', async () => {
    using folder = temporaryFolder()
    const stopped = createServer()
    await new Promise<void>((resolve) => stopped.listen(join(folder.path, 'hub-1.sock'), resolve))
    await assert.rejects(lockFolder(folder.path), /another hub \(process \?\)/)
    await new Promise((resolve) => stopped.close(resolve))
  })
})
