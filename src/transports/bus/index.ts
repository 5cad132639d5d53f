export { serveCommands } from './commands.ts'
