export { serveCommands } from './commands.ts'
export { busRoutes } from './routes.ts'
