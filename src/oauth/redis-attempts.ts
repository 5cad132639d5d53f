import { createClient } from '@redis/client'
import { hubError, HubError } from '#errors'
import type { Log } from '#http'
import { within } from '#lib/clock'
import type { AttemptStore, StoredAttempt } from './attempts.ts'

const keptSeconds = 86_400
/** A Redis that is up answers in milliseconds, and a person waits for it. */
const answerMs = 5000
/** So often a start tries to connect, within about two seconds. */
const startTries = 10

const attemptKey = (id: string): string => `integration-hub:attempt:${id}`
const stateKey = (hash: string): string => `integration-hub:state:${hash}`

/** Replaces the value if its revision is the expected one, in one step. */
const replaceScript = `
local found = redis.call('GET', KEYS[1])
if not found or cjson.decode(found).revision ~= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1`

/** Attempts in Redis, for hubs that have one. They expire there by themselves. */
export async function createRedisAttempts(url: string, log: Log): Promise<AttemptStore> {
  let hasConnected = false
  const redis = createClient({
    url,
    disableOfflineQueue: true,
    socket: {
      connectTimeout: answerMs,
      // Later it tries for ever: whoever operates Redis starts it again.
      reconnectStrategy: (tries, cause) => (hasConnected || tries < startTries ? Math.min(50 * 2 ** tries, 500) : cause),
    },
  })
  redis.on('error', (error: unknown) => log.warn({ err: error }, 'Redis cannot be used'))
  await redis.connect().catch((error: unknown) => {
    throw unavailable('Redis cannot be used at the address of REDIS_URL', error)
  })
  hasConnected = true

  const ask = async <T>(command: () => Promise<T>): Promise<T> => {
    try {
      const answer = await within<T, typeof late>(answerMs, command(), late)
      if (answer === late) throw unavailable(`Redis did not answer within ${answerMs / 1000} seconds`)
      return answer
    } catch (error) {
      throw error instanceof HubError ? error : unavailable('Redis cannot be reached', error)
    }
  }
  const read = async (id: string): Promise<StoredAttempt | undefined> => {
    const text = await ask(() => redis.get(attemptKey(id)))
    return text === null ? undefined : (JSON.parse(text) as StoredAttempt)
  }
  return {
    async insert(attempt, stateHash) {
      const options = { condition: 'NX', expiration: { type: 'EX', value: keptSeconds } } as const
      if ((await ask(() => redis.set(attemptKey(attempt.id), JSON.stringify(attempt), options))) === null) return false
      if (stateHash === null) return true
      const ms = Math.max(1, Date.parse(attempt.expiresAt) - Date.now())
      await ask(() => redis.set(stateKey(stateHash), attempt.id, { expiration: { type: 'PX', value: ms } }))
      return true
    },
    async claim(stateHash) {
      const id = await ask(() => redis.getDel(stateKey(stateHash)))
      return id === null ? undefined : read(id)
    },
    find: read,
    async replace(attempt, revision) {
      const values = { keys: [attemptKey(attempt.id)], arguments: [String(revision), JSON.stringify(attempt)] }
      return (await ask(() => redis.eval(replaceScript, values))) === 1
    },
    async [Symbol.asyncDispose]() {
      redis.destroy()
    },
  }
}

const late = Symbol('late')

function unavailable(detail: string, cause?: unknown): HubError {
  return hubError('attempts_unavailable', { detail, hint: 'start Redis, or check REDIS_URL', cause })
}
