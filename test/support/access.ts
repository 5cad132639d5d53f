import { createAccess, type Access, type Principal } from '#access'
import { openDatabase, type Database } from '#db'
import type { Clock } from '#lib/clock'
import { testTelemetry } from './telemetry.ts'

/** A clock that a test sets. */
export function testClock(start = Date.now()): Clock & { advance(ms: number): void } {
  let millis = start
  return { millis: () => millis, now: () => new Date(millis), advance: (ms) => void (millis += ms) }
}

export interface TestAccess extends AsyncDisposable {
  readonly db: Database
  readonly access: Access
  readonly operator: Principal
}

/** Access with its own connections, like that of a separate process, on a database that others may share. */
export async function openAccess(url: string, clock?: Clock): Promise<TestAccess> {
  await using stack = new AsyncDisposableStack()
  const telemetry = testTelemetry()
  const db = stack.use(await openDatabase({ url, dataDir: '', poolSize: 5, mode: 'attach' }, telemetry))
  const access = stack.use(createAccess(db, telemetry, clock))
  await access.bootstrap(undefined, () => undefined)
  const operator = await access.operator('tester')
  const owned = stack.move()
  return { db, access, operator, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
