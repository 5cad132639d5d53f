import { createDbosEngine } from './dbos.ts'
import type { Engine, EngineDeps, EngineOptions } from './types.ts'

export type { Engine, EngineOptions, RunContext, RunFunction, RunState, RunStatus, StartOptions } from './types.ts'
export { prepareEngineSchema } from './dbos.ts'

export function createEngine(deps: EngineDeps, options: EngineOptions): Promise<Engine> {
  return createDbosEngine(deps, options)
}
