import { createContext, useCallback, useContext, useEffect, useId, useState, type ReactNode } from 'react'

/** Says in a sentence why the text of a field cannot be read, or that it can. */
type Report = (field: string, why: string | undefined) => void

const Context = createContext<Report | undefined>(undefined)

/** Why a form cannot be sent: `blocked` is for its button, and the form stands in `<Readable report={report}>`. */
export function useReadable(): { readonly blocked: string | undefined; readonly report: Report } {
  const [unreadable, setUnreadable] = useState<ReadonlyMap<string, string>>(new Map())
  const report = useCallback<Report>(
    (field, why) =>
      setUnreadable((before) => {
        const next = new Map(before)
        if (why === undefined) next.delete(field)
        else next.set(field, why)
        return next
      }),
    [],
  )
  const [blocked] = unreadable.values()
  return { blocked, report }
}

export function Readable({ report, children }: { readonly report: Report; readonly children: ReactNode }) {
  return <Context value={report}>{children}</Context>
}

/** While a field cannot be read, the form around it is not sent, because of `why`. */
export function useUnreadable(why: string | undefined): void {
  const field = useId()
  const report = useContext(Context)
  if (report === undefined) throw new Error('The field stands in <Readable>, so that its form is not sent while it cannot be read.')
  useEffect(() => {
    if (why === undefined) return undefined
    report(field, why)
    return () => report(field, undefined)
  }, [why, field, report])
}
