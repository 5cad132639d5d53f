import { createAccess } from '#access'
import { createCredentials, createKeyring } from '#credentials'
import { openDatabase } from '#db'
import { HubError } from '#errors'
import { createEgress } from '#http'
import { sleep } from '#lib/clock'
import { createOAuth } from '#oauth'
import { testTelemetry } from '../support/telemetry.ts'

/** A process that renews the access token of one credential again and again, until it is killed. It begins when it is told. */
export interface RefreshWorkerOptions {
  readonly url: string
  readonly workspaceId: string
  readonly credential: string
  readonly tokenUrl: string
  readonly client: { readonly id: string; readonly secret: string }
  readonly key: string
  readonly leaseMs: number
}

/** What it says: that it is ready, and how its last try ended. */
export interface RefreshReport {
  readonly kind: 'ready' | 'renewed' | 'lost' | 'failed'
  readonly detail?: string
}

const options = JSON.parse(process.argv[2]!) as RefreshWorkerOptions
const telemetry = testTelemetry([])
const db = await openDatabase({ url: options.url, dataDir: '', poolSize: 4, mode: 'attach' }, telemetry)
const keyring = createKeyring({ keys: [{ id: 'test', key: Buffer.from(options.key, 'base64') }], dataDir: '' })
const credentials = createCredentials({ db, access: createAccess(db, telemetry), ...telemetry }, { keyring })
const egress = createEgress({ allow: ['127.0.0.1'] })
const { refresher } = await createOAuth(
  { db, credentials, keyring, egress, ...telemetry },
  { timeoutMs: 5000, redisUrl: undefined, leaseMs: options.leaseMs },
)
const { workspaceId, credential, client, tokenUrl } = options
const renewable = {
  workspaceId,
  credential,
  connector: 'http',
  party: async () => ({
    client: { client_id: client.id, client_secret: client.secret },
    provider: { tokenUrl, scopes: [], clientAuthentication: 'basic' as const },
  }),
  onLost: async () => undefined,
}

const report = (message: RefreshReport): boolean => process.send!(message)

process.once('message', () => {
  void work()
})
report({ kind: 'ready' })

async function work(): Promise<void> {
  for (;;) {
    try {
      const { data } = (await credentials.readVersion(workspaceId, credential))!
      await refresher.renew(renewable, data)
      report({ kind: 'renewed' })
    } catch (error) {
      const lost = error instanceof HubError && error.code === 'reconnect_needed'
      report({ kind: lost ? 'lost' : 'failed', detail: (error as Error).message })
      if (lost) return
    }
    await sleep(Math.random() * 15)
  }
}
