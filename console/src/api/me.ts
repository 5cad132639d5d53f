import { useSuspenseQuery } from '@tanstack/react-query'
import type { AppRouter } from '#client/trpc.ts'
import type { inferRouterOutputs } from '@trpc/server'
import { scopes } from '#client/scopes.ts'
import { trpc } from './client.ts'
import { allows } from '../../../src/lib/scopes.ts'

export type Outputs = inferRouterOutputs<AppRouter>
export type Me = Outputs['users']['me']
export type OperationName = keyof typeof scopes

/** Whoever is signed in. The shell waits for it, so that every page has it. */
export function useMe(): Me {
  return useSuspenseQuery({ ...trpc.users.me.queryOptions({}), staleTime: 60_000 }).data
}

/** The scope of an operation that the person lacks, or nothing if they may use it. */
export function useMissing(name: OperationName): string | undefined {
  const { scopes: granted, read_only: readOnly } = useMe()
  const needed = scopes[name]
  return allows({ scopes: granted, readOnly }, needed) ? undefined : needed.replace(/:\*$/, '')
}
