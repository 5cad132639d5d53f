import type { RestApp } from '#transports/rest'
import { assetRoutes } from './assets.ts'

/** What people see in a browser: the pages on which they sign in and connect integrations. */
export async function webRoutes(app: RestApp): Promise<void> {
  assetRoutes(app)
}
