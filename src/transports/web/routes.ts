import type { RestApp } from '#transports/rest'
import { accountRoutes } from './account.ts'
import { assetRoutes } from './assets.ts'
import { authRoutes } from './auth.ts'
import type { ConnectPersonDeps } from './connect-person.ts'
import { consoleRoutes } from './console.ts'
import { connectRoutes } from './connect.ts'
import type { WebDeps } from './deps.ts'
import { appsRoutes } from './apps.ts'
import { consentRoutes } from './consent.ts'
import { deviceRoutes } from './device.ts'
import { oauthRoutes } from './oauth.ts'
import { joinRoutes } from './join.ts'
import { signInRoutes } from './sign-in.ts'

/** What people see in a browser: the pages on which they sign in, connect integrations, and let apps and command lines in. */
export async function webRoutes(app: RestApp, deps: WebDeps & ConnectPersonDeps): Promise<void> {
  assetRoutes(app)
  await authRoutes(app, deps)
  signInRoutes(app, deps)
  joinRoutes(app, deps)
  await connectRoutes(app, deps)
  accountRoutes(app, deps)
  await oauthRoutes(app, deps)
  await consentRoutes(app, deps)
  await deviceRoutes(app, deps)
  await appsRoutes(app, deps)
  consoleRoutes(app)
}
