import { useCallback, useState } from 'react'
import { workspace } from '#api'

/**
 * A text that stays in this browser until it is saved or thrown away: neither the end of a session nor a closed tab loses it.
 * `[draft, setDraft, drop]`; the draft is undefined without changes.
 */
export function useDraft(name: string): readonly [draft: string | undefined, set: (text: string) => void, drop: () => void] {
  const place = `hub.draft.${workspace ?? ''}.${name}`
  const [draft, setDraft] = useState(() => localStorage.getItem(place) ?? undefined)
  const [from, setFrom] = useState(place)
  if (from !== place) {
    setFrom(place)
    setDraft(localStorage.getItem(place) ?? undefined)
  }
  const set = useCallback(
    (text: string) => {
      localStorage.setItem(place, text)
      setDraft(text)
    },
    [place],
  )
  const drop = useCallback(() => {
    localStorage.removeItem(place)
    setDraft(undefined)
  }, [place])
  return [draft, set, drop]
}
