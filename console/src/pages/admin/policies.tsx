import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef } from 'react'
import { trpc, useAction, useMissing, type Outputs } from '#api'
import { useDraft, useLive } from '#app'
import { fieldErrors } from '#forms'
import { Button, ButtonGroup, Check, ErrorNote, Json, Loaded, Note, OperationButton, Section, TextArea } from '#ui'
import styles from './admin.module.css'
import { texts } from './texts.ts'

const kinds = ['policy'] as const

export function Policies() {
  const options = trpc.policies.get.queryOptions({})
  const query = useQuery(options)
  useLive(kinds, options.queryKey)
  return (
    <Section title={texts.policies}>
      <p>{texts.policiesAbout}</p>
      <Loaded query={query}>{(policies) => <Editor policies={policies} />}</Loaded>
      <Deciders />
    </Section>
  )
}

type PolicySet = Outputs['policies']['get']

/** What is written, and which policies it began from. */
interface Draft {
  readonly base: string
  readonly text: string
}

/** The policies as JSON. A draft stays in the browser until it is saved. */
function Editor({ policies }: { readonly policies: PolicySet }) {
  const [kept, keep, drop] = useDraft('policies')
  const stored = JSON.stringify(policies, null, 2)
  const draft = useMemo(() => readDraft(kept), [kept])
  const text = draft?.text ?? stored
  const latest = useRef(text)
  useEffect(() => void (latest.current = text))
  const isOutdated = draft !== undefined && draft.base !== stored
  const sent = useRef(text)
  const cache = useQueryClient()
  const save = useAction(trpc.policies.set, {
    done: texts.policiesSaved,
    onDone: (saved) => {
      cache.setQueryData(trpc.policies.get.queryOptions({}).queryKey, saved)
      // What was written while it was saved is a draft of what is stored now.
      if (latest.current === sent.current) drop()
      else keep(JSON.stringify({ base: JSON.stringify(saved, null, 2), text: latest.current } satisfies Draft))
    },
  })
  const errors = save.error ? Object.entries(fieldErrors(save.error)) : []
  const read = readPolicies(text)
  const problem = 'problem' in read ? texts.noJson(read.problem) : undefined
  const submit = (): void => {
    if (!('value' in read)) return
    sent.current = text
    save.mutate(read.value)
  }
  return (
    <>
      {draft === undefined ? null : <Note tone="waiting">You have changes that are not saved. They are kept in this browser.</Note>}
      {isOutdated ? (
        <Note tone="waiting">
          <p role="alert">{texts.policiesOutdated}</p>
          <details>
            <summary>{texts.policiesStored}</summary>
            <Json value={policies} label={texts.policiesStored} />
          </details>
        </Note>
      ) : null}
      {save.error && errors.length === 0 ? <ErrorNote error={save.error} /> : null}
      <TextArea
        label="Policies"
        about="As JSON: rules, limits, information_flow and sanitize."
        rows={16}
        spellCheck={false}
        className={styles.json}
        error={(problem ?? errors.map(([path, message]) => `${path} ${message}`).join('; ')) || undefined}
        value={text}
        onValue={(next) => keep(JSON.stringify({ base: draft?.base ?? stored, text: next } satisfies Draft))}
      />
      <ButtonGroup>
        <OperationButton
          operation="policies.set"
          kind={isOutdated ? 'danger' : 'main'}
          blocked={problem}
          isBusy={save.isPending}
          onClick={submit}
        >
          {isOutdated ? texts.policiesReplace : 'Save'}
        </OperationButton>
        {draft === undefined ? null : <Button onClick={drop}>Throw the changes away</Button>}
      </ButtonGroup>
    </>
  )
}

function readPolicies(text: string): { readonly value: PolicySet } | { readonly problem: string } {
  try {
    return { value: JSON.parse(text) as PolicySet }
  } catch (cause) {
    return { problem: (cause as Error).message }
  }
}

function readDraft(kept: string | undefined): Draft | undefined {
  if (kept === undefined) return undefined
  try {
    const value = JSON.parse(kept) as Partial<Draft> | null
    return typeof value?.base === 'string' && typeof value.text === 'string' ? { base: value.base, text: value.text } : undefined
  } catch {
    // Whatever else is stored under this name is no draft.
    return undefined
  }
}

function Deciders() {
  const query = useQuery(trpc.approvals.settings.queryOptions({}))
  const set = useAction(trpc.approvals.set_settings, { done: 'The setting is stored.' })
  const missing = useMissing('approvals.set_settings')
  return (
    <Loaded query={query} rows={1}>
      {({ involved_may_decide: isOn }) => (
        <Check
          label={texts.decide}
          isOn={isOn}
          onValue={(next) => set.mutate({ involved_may_decide: next })}
          isDisabled={missing !== undefined}
          title={missing === undefined ? undefined : `You lack the scope ${missing}`}
        />
      )}
    </Loaded>
  )
}
