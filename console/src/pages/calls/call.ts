import type { Outputs } from '#api'

export type CallRow = Outputs['invocations']['list']['items'][number]
export type Call = Outputs['invocations']['get']
export type VendorRequest = Call['requests'][number]
export type State = CallRow['status']
export type Effect = 'read' | 'write' | 'destroy'
