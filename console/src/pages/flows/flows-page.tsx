import { useOpen, useSearch } from '#app'
import { FlowList } from './flow-list.tsx'
import { FlowPage } from './flow-page.tsx'
import { NewFlowPage } from './new-flow.tsx'

/** The list of flows, one flow, or a new one: `/flows`, `/flows/ID`, `/flows?new=TEMPLATE`. */
export function FlowsPage() {
  const { id } = useOpen('flows')
  const { new: template } = useSearch()
  if (id !== undefined) return <FlowPage key={id} id={id} />
  if (template !== undefined) return <NewFlowPage key={template} template={template} />
  return <FlowList />
}
