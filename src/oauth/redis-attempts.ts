import { createClient } from '@redis/client'
import type { Log } from '#http'
import type { AttemptStore, StoredAttempt } from './attempts.ts'

const keptSeconds = 86_400

const attemptKey = (id: string): string => `integration-hub:attempt:${id}`
const stateKey = (hash: string): string => `integration-hub:state:${hash}`

/** Replaces the value if its status is the expected one, in one step. */
const replaceScript = `
local found = redis.call('GET', KEYS[1])
if not found or cjson.decode(found).status ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1`

/** Attempts in Redis, for hubs that have one. They expire there by themselves. */
export async function createRedisAttempts(url: string, log: Log): Promise<AttemptStore> {
  const redis = createClient({ url, disableOfflineQueue: true })
  redis.on('error', (error: unknown) => log.warn({ err: error }, 'Redis cannot be used'))
  await redis.connect()
  const read = async (id: string): Promise<StoredAttempt | undefined> => {
    const text = await redis.get(attemptKey(id))
    return text === null ? undefined : (JSON.parse(text) as StoredAttempt)
  }
  return {
    async insert(attempt, stateHash) {
      const options = { condition: 'NX', expiration: { type: 'EX', value: keptSeconds } } as const
      if ((await redis.set(attemptKey(attempt.id), JSON.stringify(attempt), options)) === null) return false
      if (stateHash === null) return true
      const ms = Math.max(1, Date.parse(attempt.expiresAt) - Date.now())
      await redis.set(stateKey(stateHash), attempt.id, { expiration: { type: 'PX', value: ms } })
      return true
    },
    async claim(stateHash) {
      const id = await redis.getDel(stateKey(stateHash))
      return id === null ? undefined : read(id)
    },
    find: read,
    async replace(attempt, from) {
      const replaced = await redis.eval(replaceScript, { keys: [attemptKey(attempt.id)], arguments: [from, JSON.stringify(attempt)] })
      return replaced === 1
    },
    async [Symbol.asyncDispose]() {
      redis.destroy()
    },
  }
}
