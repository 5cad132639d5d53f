import { Activity, Cable, Cpu, House, MessageCircleQuestion, Radio, Send, Settings, Workflow, Wrench, type LucideIcon } from 'lucide-react'
import type { OperationName } from '#api'

/** An entry of the bar on the left. */
export interface PageEntry {
  readonly path: string
  readonly title: string
  readonly icon: LucideIcon
  /** After `g`. */
  readonly key: string
  /** Whoever may not use this operation sees the entry disabled. */
  readonly needs?: OperationName
}

export const pages: readonly PageEntry[] = [
  { path: '/home', title: 'Home', icon: House, key: 'h' },
  { path: '/approvals', title: 'Approvals', icon: MessageCircleQuestion, key: 'a', needs: 'approvals.list' },
  { path: '/flows', title: 'Flows', icon: Workflow, key: 'f', needs: 'flows.list' },
  { path: '/runs', title: 'Runs', icon: Activity, key: 'r', needs: 'runs.list' },
  { path: '/events', title: 'Events', icon: Radio, key: 'e', needs: 'events.list' },
  { path: '/tools', title: 'Tools', icon: Wrench, key: 't', needs: 'tools.list' },
  { path: '/calls', title: 'Calls', icon: Cpu, key: 'c', needs: 'invocations.list' },
  { path: '/integrations', title: 'Integrations', icon: Cable, key: 'i', needs: 'integrations.list' },
  { path: '/endpoints', title: 'Endpoints', icon: Send, key: 'd', needs: 'endpoints.list' },
  { path: '/admin', title: 'Administration', icon: Settings, key: 'm' },
]
