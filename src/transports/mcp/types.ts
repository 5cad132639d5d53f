import type { Principal } from '#access'
import type { Execute } from '#operations'
import type { Scripts } from '#scripts'
import type { Telemetry } from '#telemetry'
import type { Tools } from '#tools'
import type { View } from './view.ts'

/** Who sent a request, and what it may see. */
export interface McpCaller {
  readonly principal: Principal
  readonly view: View
  /** False once the caller may not see any more, for streams that stay open. */
  readonly isActive: () => Promise<boolean>
}

export interface McpDeps extends Telemetry {
  readonly version: string
  readonly tools: Tools
  readonly execute: Execute
  readonly scripts: Scripts
}
