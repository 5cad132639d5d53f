import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { client, problemOf, trpc } from '#api'
import { ActionButton, ActionMenu, useDraft, useSearch, useSetSearch } from '#app'
import { fieldErrors, Readable, SchemaForm, useReadable, type Values } from '#forms'
import { Button, buttonClass, ButtonGroup, Confirm, copyText, effectVerb, ErrorNote, Json, Note, SelectField, TextArea, visible } from '#ui'
import { argumentsText, newKey, readArguments } from './arguments.ts'
import { CallOutcome, PreviewOutcome, WaitsForApproval } from './outcome.tsx'
import { copies } from './snippets.ts'
import { texts } from './texts.ts'
import { isBuiltIn, type Outcome, type ToolDetails } from './tool.ts'
import styles from './tools.module.css'

interface Request {
  readonly kind: 'preview' | 'call'
  /** The arguments and the integration as text. */
  readonly of: string
  readonly key: string
  readonly values: Values
  readonly integration: string | undefined
}

/** After these nobody may act again under another key: the call may have acted, or still waits. */
const keyStays = new Set(['outcome_unknown', 'in_progress', 'unreachable', 'approval_required'])

/** Calls a tool by hand: a preview first, then the call. One key for one form: a double click acts once. */
export function TryTool({ tool }: { readonly tool: ToolDetails }) {
  const { name, connector, effect } = tool
  const search = useSearch()
  const setSearch = useSetSearch()
  const [draft, setDraft, dropDraft] = useDraft(`tool.${name}`)
  const text = draft ?? '{}'
  const read = readArguments(text)
  const isJson = search['as'] === 'json' || 'problem' in read
  const [filled, setFilled] = useState(0)
  const [isAsking, setAsking] = useState(false)
  const { blocked: unreadable, report } = useReadable()

  const integrations = useQuery(trpc.integrations.list.queryOptions({}))
  const fitting = (integrations.data?.items ?? []).filter((one) => one.enabled && one.integration_type === connector)
  const chosen = fitting.find((one) => one.name === search['use'])?.name ?? (fitting.length === 1 ? undefined : fitting[0]?.name)
  const isConnected = isBuiltIn(connector) || integrations.data === undefined || fitting.length > 0

  const of = JSON.stringify([text, chosen])
  const [attempt, setAttempt] = useState(() => ({ of, key: newKey() }))
  const key = attempt.of === of ? attempt.key : undefined
  const isSending = useRef(false)
  const act = useMutation<Outcome, unknown, Request>({
    mutationFn: ({ kind, values, integration, key: own }) =>
      client.tools.call.mutate({
        name,
        input: values,
        integration,
        ...(kind === 'preview' ? { dry_run: true } : { idempotency_key: own }),
      }),
    onError: (error, request) => {
      if (request.kind === 'call' && !keyStays.has(problemOf(error).code)) setAttempt({ of: request.of, key: newKey() })
    },
    onSettled: () => void (isSending.current = false),
  })
  const start = (kind: Request['kind']): void => {
    if (isSending.current || unreadable !== undefined || !('values' in read)) return
    isSending.current = true
    const own = key ?? newKey()
    if (key === undefined) setAttempt({ of, key: own })
    act.mutate({ kind, of, key: own, values: read.values, integration: chosen })
  }
  const fill = (next: string | undefined): void => {
    if (next === undefined) dropDraft()
    else setDraft(next)
    setFilled(filled + 1)
  }

  const isCurrent = act.variables?.of === of
  const isPreviewed = isCurrent && act.data?.status === 'dry_run'
  const isCalled = isCurrent && act.data !== undefined && !isPreviewed
  const blocked = tool.may_call
    ? 'problem' in read
      ? texts.notJson(read.problem)
      : isConnected
        ? unreadable
        : texts.needsIntegration(connector)
    : texts.mayNotCall
  const errors = act.error ? fieldErrors(act.error, 'input') : {}
  const snippet = unreadable === undefined && 'values' in read ? { tool: name, integration: chosen, values: read.values } : undefined
  return (
    <div className={styles.part}>
      {isConnected ? null : (
        <Note tone="waiting">
          {texts.needsIntegration(connector)}{' '}
          <Link to="/integrations" search={{ connect: connector }} className={buttonClass()}>
            {texts.connect}
          </Link>
        </Note>
      )}
      {fitting.length > 1 ? (
        <SelectField
          label="Integration"
          value={chosen ?? ''}
          options={fitting.map((one) => ({ value: one.name, label: one.name }))}
          onValue={(next) => setSearch({ use: next })}
        />
      ) : null}
      <div className={styles.bar}>
        <div className={styles.modes} role="group" aria-label="Write the arguments as">
          <Button
            aria-pressed={!isJson}
            blocked={'problem' in read ? texts.readJsonFirst : undefined}
            onClick={() => setSearch({ as: undefined })}
          >
            {texts.asForm}
          </Button>
          <Button aria-pressed={isJson} onClick={() => setSearch({ as: 'json' })}>
            {texts.asJson}
          </Button>
        </div>
        <ButtonGroup>
          <Button kind="quiet" onClick={() => fill(argumentsText(tool.example))}>
            {texts.fillExample}
          </Button>
          {draft === undefined ? null : (
            <Button kind="quiet" onClick={() => fill(undefined)}>
              {texts.startAgain}
            </Button>
          )}
        </ButtonGroup>
      </div>
      {isJson ? (
        <div className={styles.json}>
          <TextArea
            label="Arguments as JSON"
            rows={10}
            spellCheck={false}
            value={text}
            error={'problem' in read ? texts.notJson(read.problem) : Object.values(errors)[0]}
            onValue={setDraft}
          />
        </div>
      ) : (
        <Readable report={report}>
          <SchemaForm
            key={filled}
            schema={tool.input_schema}
            values={'values' in read ? read.values : {}}
            errors={errors}
            onValues={(values) => setDraft(argumentsText(values))}
          />
        </Readable>
      )}
      <div data-bottom-bar className={styles.actions}>
        <ButtonGroup>
          <ActionButton
            action={{
              label: texts.preview,
              operation: 'tools.call',
              kind: isPreviewed || isCalled ? 'plain' : 'main',
              blocked: blocked,
              isBusy: act.isPending && act.variables.kind === 'preview',
              run: () => start('preview'),
            }}
          />
          <ActionButton
            action={{
              label: `Call: ${effectVerb(effect)}`,
              operation: 'tools.call',
              kind: effect === 'destroy' ? 'danger' : isPreviewed ? 'main' : 'plain',
              blocked: blocked,
              isBusy: act.isPending && act.variables.kind === 'call',
              run: () => (effect === 'destroy' ? setAsking(true) : start('call')),
            }}
          />
          <ActionMenu
            label="Copy as"
            items={copies.map(({ label, textOf }) => ({
              label,
              blocked: snippet === undefined ? texts.readJsonFirst : undefined,
              onSelect: () => snippet && void Promise.resolve(textOf(snippet)).then((copied) => copyText(copied)),
            }))}
          />
        </ButtonGroup>
      </div>
      <Answer
        tool={tool}
        outcome={act.data}
        error={act.error}
        isCurrent={isCurrent}
        onCallAgain={() => start('call')}
        onNewCall={() => {
          setAttempt({ of, key: newKey() })
          act.reset()
        }}
      />
      <Confirm
        title={texts.destroyTitle}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        action={texts.destroyAction}
        isDanger
        onConfirm={() => {
          setAsking(false)
          start('call')
        }}
      >
        <div className={styles.part}>
          <p>
            <strong>{visible(tool.title)}</strong>
            {chosen === undefined ? '' : ` · ${visible(chosen)}`}
          </p>
          <p>{texts.destroyAbout}</p>
          <Json value={'values' in read ? read.values : {}} label="Arguments" />
        </div>
      </Confirm>
    </div>
  )
}

interface AnswerProps {
  readonly tool: ToolDetails
  readonly outcome: Outcome | undefined
  readonly error: unknown
  readonly isCurrent: boolean
  onCallAgain(): void
  onNewCall(): void
}

function Answer({ tool, outcome, error, isCurrent, onCallAgain, onNewCall }: AnswerProps) {
  if (error) {
    const { code, approvalId } = problemOf(error)
    if (code === 'approval_required' && approvalId !== undefined && isCurrent)
      return <WaitsForApproval id={approvalId} onCallAgain={onCallAgain} />
    return (
      <>
        <ErrorNote error={error} />
        {code === 'outcome_unknown' ? (
          <Note tone="waiting">
            {texts.unknown} <Button onClick={onNewCall}>{texts.newCall}</Button>
          </Note>
        ) : null}
      </>
    )
  }
  if (outcome === undefined) return null
  if (outcome.status === 'dry_run') return isCurrent ? <PreviewOutcome output={outcome.output} /> : null
  return (
    <>
      <CallOutcome outcome={outcome} tool={tool} />
      {tool.effect === 'read' || !isCurrent ? null : (
        <p>
          {texts.newCallAbout} <Button onClick={onNewCall}>{texts.newCall}</Button>
        </p>
      )}
    </>
  )
}
