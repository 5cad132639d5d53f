export { freshDatabase, openTestDatabase, type TestDatabase } from './database.ts'
export { adminToken, runHub, serveProcess, testHub, type CallOptions, type HubProcess, type TestHub } from './hub.ts'
export { testTelemetry } from './telemetry.ts'
