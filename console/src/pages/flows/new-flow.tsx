import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { FilePlus2, Workflow } from 'lucide-react'
import { trpc } from '#api'
import { useSetSearch } from '#app'
import { Dialog, Loaded, Page, visible } from '#ui'
import { EditTab } from './edit-tab.tsx'
import { DryRunButton, SaveButton } from './flow-actions.tsx'
import type { Flow } from './flow-state.ts'
import styles from './flows.module.css'
import { texts } from './texts.ts'
import { useEdit } from './use-edit.ts'
import { ConflictDialog } from './conflict-dialog.tsx'

const emptyName = 'empty'
const emptySource = `id: my-flow
name: My flow

steps:
  - id: hello
    transform: Hello
`

interface DialogProps {
  readonly isOpen: boolean
  onClose(): void
  readonly flows: readonly Flow[]
}

/** What a new flow begins with. */
export function NewFlowDialog({ isOpen, onClose, flows }: DialogProps) {
  const setSearch = useSetSearch()
  const choose = (template: string): void => {
    onClose()
    setSearch({ new: template, name: undefined, state: undefined }, { isBack: true })
  }
  return (
    <Dialog title={texts.newFlow} isOpen={isOpen} onClose={onClose}>
      <p className={styles.muted}>{texts.newAbout}</p>
      <ul className={styles.templates}>
        <li>
          <button type="button" onClick={() => choose(emptyName)}>
            <FilePlus2 aria-hidden />
            <span>
              <strong>{texts.emptyTemplate}</strong>
              <span className={styles.muted}>{texts.emptyTemplateAbout}</span>
            </span>
          </button>
        </li>
        {flows
          .filter(({ origin }) => origin === 'bundled')
          .map(({ id, name, description }) => (
            <li key={id}>
              <button type="button" onClick={() => choose(id)}>
                <Workflow aria-hidden />
                <span>
                  <strong>{visible(name ?? id)}</strong>
                  <span className={styles.muted}>{visible(description ?? '')}</span>
                </span>
              </button>
            </li>
          ))}
      </ul>
    </Dialog>
  )
}

export function NewFlowPage({ template }: { readonly template: string }) {
  if (template === emptyName) return <NewFlow template={template} source={emptySource} />
  return <CopiedFlow template={template} />
}

function CopiedFlow({ template }: { readonly template: string }) {
  const query = useQuery(trpc.flows.get.queryOptions({ id: template }))
  if (query.data === undefined)
    return (
      <Page title={texts.newFlow}>
        <Loaded query={query}>{() => null}</Loaded>
      </Page>
    )
  return <NewFlow template={template} source={copyOf(query.data.source)} />
}

/** The same text under another id. */
function copyOf(source: string): string {
  return source.replace(/^id: *["']?([\w.-]+)["']?/m, 'id: my-$1')
}

function NewFlow({ template, source }: { readonly template: string; readonly source: string }) {
  const navigate = useNavigate()
  const edit = useEdit({
    name: `new.${template}`,
    saved: { source, version: 0 },
    onSaved: ({ id }) => void navigate({ to: `/flows/${encodeURIComponent(id)}` }),
  })
  return (
    <Page
      title={texts.newFlow}
      about={edit.isChanged ? texts.draftOpen : undefined}
      isFull
      actions={
        <>
          <DryRunButton text={edit.text} />
          <SaveButton edit={edit} />
        </>
      }
    >
      <EditTab edit={edit} />
      <ConflictDialog edit={edit} />
    </Page>
  )
}
