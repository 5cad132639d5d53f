import type { RestApp } from '#transports/rest'
import { assetRoutes } from './assets.ts'
import { connectRoutes, type ConnectRoutesDeps } from './connect.ts'

export type WebRoutesDeps = ConnectRoutesDeps

/** What people see in a browser: the pages on which they sign in and connect integrations. */
export async function webRoutes(app: RestApp, deps: WebRoutesDeps): Promise<void> {
  assetRoutes(app)
  await connectRoutes(app, deps)
}
