import { useMutation, useQueryClient, type UseMutationOptions } from '@tanstack/react-query'
import { notify } from '../ui/toasts.ts'
import { hintOwnChange } from './hints.ts'
import { problemOf } from './problem.ts'
import { rowsKey } from './rows.ts'

interface ActionOptions<Output> {
  /** Said when it worked. */
  readonly done?: string | ((output: Output) => string)
  onDone?(output: Output): void
  /** The form shows an error beside its fields, so nothing else says it. */
  readonly isErrorShown?: boolean
}

/**
 * Something that a person does: says how it ended, and reads again what the page shows. `const retry = useAction(trpc.runs.retry, {…})`,
 * then `retry.mutate(input)`.
 */
export function useAction<Input, Output>(
  procedure: { mutationOptions(): UseMutationOptions<Output, never, Input> },
  { done, onDone, isErrorShown = false }: ActionOptions<Output> = {},
) {
  const cache = useQueryClient()
  return useMutation<Output, unknown, Input>({
    ...(procedure.mutationOptions() as unknown as UseMutationOptions<Output, unknown, Input>),
    onSuccess: (output) => {
      if (done !== undefined) notify({ kind: 'ok', text: typeof done === 'string' ? done : done(output) })
      onDone?.(output)
      void cache.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== rowsKey })
      hintOwnChange()
    },
    onError: (error) => {
      if (isErrorShown) return
      const { detail, hint, requestId } = problemOf(error)
      notify({ kind: 'failed', text: detail, more: hint, requestId })
    },
  })
}
