import { useCallback, useState } from 'react'
import { workspace } from '#api'

interface Draft {
  readonly place: string
  readonly text: string | undefined
  /** What is stored of it: an older text, or nothing, where the browser has no room for more. */
  readonly stored: string | undefined
}

/**
 * A text that stays in this browser until it is saved or thrown away: neither the end of a session nor a closed tab loses it.
 * `[draft, setDraft, drop]`; the draft is undefined without changes.
 */
export function useDraft(name: string): readonly [draft: string | undefined, set: (text: string) => void, drop: () => void] {
  const place = `hub.draft.${workspace ?? ''}.${name}`
  const [draft, setDraft] = useState(() => read(place))
  if (draft.place !== place) setDraft(read(place))
  const { stored } = draft
  const set = useCallback(
    (text: string) => {
      try {
        localStorage.setItem(place, text)
        setDraft({ place, text, stored: text })
      } catch {
        // The text that is being written must not be lost because it cannot be stored.
        setDraft({ place, text, stored })
      }
    },
    [place, stored],
  )
  const drop = useCallback(() => {
    // Another window may have stored a text of its own meanwhile.
    if (localStorage.getItem(place) === stored) localStorage.removeItem(place)
    setDraft({ place, text: undefined, stored: undefined })
  }, [place, stored])
  return [draft.text, set, drop]
}

function read(place: string): Draft {
  const text = localStorage.getItem(place) ?? undefined
  return { place, text, stored: text }
}
