export { createEngine } from './engine.ts'
export { heldJobs } from './job-store.ts'
export { JobLost } from './job-lost.ts'
export type { Engine, EngineOptions, Job, JobContext, JobHandler, Poller, Work } from './types.ts'
