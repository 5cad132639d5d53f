import { trpc, useAction } from '#api'

/** The connection test of an integration, whose result stays until the next one. */
export function useConnectionTest() {
  return useAction(trpc.integrations.test)
}

export type ConnectionTestAction = ReturnType<typeof useConnectionTest>
