import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { trpc, useAction, type Outputs } from '#api'
import { useDraft, useLive } from '#app'
import { fieldErrors, JsonField } from '#forms'
import { Button, ButtonGroup, Check, ErrorNote, Loaded, Note, OperationButton, Section } from '#ui'
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

/** The policies as JSON. A draft stays in the browser until it is saved. */
function Editor({ policies }: { readonly policies: PolicySet }) {
  const [draft, setDraft, dropDraft] = useDraft('policies')
  // The field begins anew when the draft is gone, and not while somebody writes.
  const [round, setRound] = useState(0)
  const drop = (): void => {
    dropDraft()
    setRound(round + 1)
  }
  const save = useAction(trpc.policies.set, { done: texts.policiesSaved, onDone: drop })
  const errors = save.error ? Object.entries(fieldErrors(save.error)) : []
  const value = draft === undefined ? policies : (JSON.parse(draft) as PolicySet)
  return (
    <>
      {draft === undefined ? null : <Note tone="waiting">You have changes that are not saved. They are kept in this browser.</Note>}
      {save.error && errors.length === 0 ? <ErrorNote error={save.error} /> : null}
      <JsonField
        key={`${round} ${JSON.stringify(policies)}`}
        label="Policies"
        about="As JSON: rules, limits, information_flow and sanitize."
        rows={16}
        error={errors.map(([path, message]) => `${path} ${message}`).join('; ') || undefined}
        value={value}
        onValue={(next) => setDraft(JSON.stringify(next ?? {}))}
      />
      <ButtonGroup>
        <OperationButton operation="policies.set" kind="main" isBusy={save.isPending} onClick={() => save.mutate(value)}>
          Save
        </OperationButton>
        {draft === undefined ? null : <Button onClick={drop}>Throw the changes away</Button>}
      </ButtonGroup>
    </>
  )
}

function Deciders() {
  const query = useQuery(trpc.approvals.settings.queryOptions({}))
  const set = useAction(trpc.approvals.set_settings, { done: 'The setting is stored.' })
  return (
    <Loaded query={query} rows={1}>
      {({ involved_may_decide: isOn }) => (
        <Check label={texts.decide} isOn={isOn} onValue={(next) => set.mutate({ involved_may_decide: next })} />
      )}
    </Loaded>
  )
}
