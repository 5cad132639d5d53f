export { chaosDatabase, startWorker, watched, workerEnvironment, type ChaosDatabase, type Worker } from './chaos.ts'
export { descendants, isAlive, kill, pause, processes, resume, type ProcessEntry } from './processes.ts'
export { startProxy, type Proxy } from './proxy.ts'
export { freePort, until } from './wait.ts'
