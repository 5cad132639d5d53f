export { bearer } from './access-hook.ts'
export { placesOf } from './operations.ts'
export { buildRest } from './server.ts'
export type { Readiness, RestApp, RestDeps, RestOptions } from './types.ts'
