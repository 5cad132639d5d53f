import { createContext, useCallback, useContext, useState, type ReactNode } from 'react'

/** Says that the text of a field cannot be read, by its label, or that it can. */
type Report = (field: string, label: string | undefined) => void

const Context = createContext<Report | undefined>(undefined)

/** Why a form cannot be sent: `blocked` is for its button, and the form stands in `<Readable report={report}>`. */
export function useReadable(): { readonly blocked: string | undefined; readonly report: Report } {
  const [unreadable, setUnreadable] = useState<ReadonlyMap<string, string>>(new Map())
  const report = useCallback<Report>(
    (field, label) =>
      setUnreadable((before) => {
        const next = new Map(before)
        if (label === undefined) next.delete(field)
        else next.set(field, label)
        return next
      }),
    [],
  )
  const [label] = unreadable.values()
  return { blocked: label === undefined ? undefined : `What stands in the field "${label}" is no JSON`, report }
}

export function Readable({ report, children }: { readonly report: Report; readonly children: ReactNode }) {
  return <Context value={report}>{children}</Context>
}

export function useReport(): Report {
  const report = useContext(Context)
  if (report === undefined) throw new Error('A field of JSON stands in <Readable>, so that its form is not sent while it cannot be read.')
  return report
}
