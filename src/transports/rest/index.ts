export { buildRest, type Readiness, type RestApp, type RestDeps, type RestOptions } from './server.ts'
