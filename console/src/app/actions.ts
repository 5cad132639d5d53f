import { useEffect } from 'react'

/** Something that the palette offers on this page. */
export interface PageAction {
  readonly label: string
  run(): void
}

const lists: (readonly PageAction[])[] = []

/** Adds what the page can do to the palette. Give a list that does not change between renders. */
export function usePageActions(actions: readonly PageAction[]): void {
  useEffect(() => {
    lists.unshift(actions)
    return () => void lists.splice(lists.indexOf(actions), 1)
  }, [actions])
}

export function pageActions(): readonly PageAction[] {
  return lists.flat()
}
