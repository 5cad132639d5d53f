export { mcpRoutes, type McpOptions } from './routes.ts'
export type { McpDeps } from './server.ts'
