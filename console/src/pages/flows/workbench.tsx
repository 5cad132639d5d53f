import { CopyPlus, ListTree, Plus, ShieldAlert, Trash2, Workflow } from 'lucide-react'
import { lazy, startTransition, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useMissing } from '#api'
import { useSearch, useSetSearch } from '#app'
import { Button, ButtonGroup, Note, Skeleton, useMedia, visible } from '#ui'
import { everyStep, outlineOf, siblingsOf, stepAt, type Outline, type Step } from '../../graph/outline.ts'
import { CodeEditor, type Target } from './code-editor.tsx'
import type { WholeFlow } from './flow-state.ts'
import styles from './flows.module.css'
import { ProblemList } from './problem-list.tsx'
import { applied, fixOf, offsetOf, type Problem } from './problems.ts'
import { RunNote, useRunStates } from './run-states.tsx'
import { StepList } from './step-list.tsx'
import { editStep, type StepEdit } from './text-edits.ts'
import { texts } from './texts.ts'
import type { Edit } from './use-edit.ts'
import { useKnowledge } from './use-knowledge.ts'

const Graph = lazy(() => import('../../graph/graph.tsx').then((loaded) => ({ default: loaded.Graph })))

interface WorkbenchProps {
  readonly edit: Edit
  readonly flow?: WholeFlow
}

const outlineAfterMs = 200
const empty: Outline = { triggers: [], steps: [], onError: [] }

export function Workbench({ edit, flow }: WorkbenchProps) {
  const { step: selected, view: asked } = useSearch()
  const setSearch = useSetSearch()
  const isNarrow = useMedia('(max-width: 900px)')
  const view = asked ?? (isNarrow ? 'list' : 'graph')
  const knowledge = useKnowledge()
  const { outline, isBroken } = useOutline(edit.text)
  // A link to a step opens the text at it.
  const [target, setTarget] = useState(() => targetOf(outline, selected))
  const run = useRunStates(flow, edit)

  const latest = useRef({ outline, selected })
  useEffect(() => void (latest.current = { outline, selected }))

  const select = useCallback(
    (step: Step) => {
      setSearch({ step: step.id })
      setTarget({ from: step.from, to: step.to, isFocused: false })
    },
    [setSearch],
  )
  const followCursor = useCallback(
    (position: number) => {
      const id = stepAt(latest.current.outline, position)?.id
      if (id !== undefined && id !== '' && id !== latest.current.selected) setSearch({ step: id })
    },
    [setSearch],
  )
  const fix = (problem: Problem): void => {
    const change = fixOf(edit.text, problem)
    if (change) edit.set(applied(edit.text, change))
  }
  const show = (problem: Problem): void => {
    const from = offsetOf(edit.text, problem.line, problem.column)
    setTarget({ from, to: from, isFocused: true })
  }
  const stepsProps = { outline, selected, states: run.states, onSelect: select }
  return (
    <>
      <RunNote run={run} />
      <div className={styles.workbench}>
        <div className={styles.textSide}>
          <CodeEditor
            text={edit.text}
            label="Definition of the flow"
            problems={edit.problems}
            knowledge={knowledge}
            target={target}
            onText={edit.set}
            onSave={() => edit.save()}
            onCursor={followCursor}
          />
          <ProblemList edit={edit} onFix={fix} onShow={show} />
        </div>
        <section className={styles.stepSide} aria-label="Steps">
          <div className={styles.stepBar}>
            <ButtonGroup>
              <Button
                kind="quiet"
                icon={<Workflow aria-hidden />}
                aria-pressed={view === 'graph'}
                onClick={() => setSearch({ view: 'graph' })}
              >
                Graph
              </Button>
              <Button
                kind="quiet"
                icon={<ListTree aria-hidden />}
                aria-pressed={view === 'list'}
                onClick={() => setSearch({ view: 'list' })}
              >
                List
              </Button>
            </ButtonGroup>
            <StepActions
              edit={edit}
              step={isBroken ? undefined : selected}
              outline={outline}
              onEdited={(text, id) => {
                edit.set(text)
                setSearch({ step: id })
              }}
            />
          </div>
          {isBroken ? <Note tone="waiting">{texts.broken}</Note> : null}
          {outline.steps.length === 0 ? (
            <p className={styles.muted}>{texts.noSteps}</p>
          ) : view === 'graph' ? (
            <Suspense fallback={<Skeleton rows={8} />}>
              <Graph {...stepsProps} />
            </Suspense>
          ) : (
            <StepList {...stepsProps} />
          )}
        </section>
      </div>
    </>
  )
}

function targetOf({ steps, onError }: Outline, id: string | undefined): Target | undefined {
  const step = id === undefined ? undefined : [...everyStep([...steps, ...onError])].find((one) => one.id === id)
  return step && { from: step.from, to: step.to, isFocused: false }
}

interface Seen {
  readonly outline: Outline
  /** The text that it is of. */
  readonly of: string
  readonly isBroken: boolean
}

/** The steps of the text a moment after the last letter; while the text cannot be read, those that it had before. */
function useOutline(text: string): Seen {
  const [seen, setSeen] = useState<Seen>(() => {
    const outline = outlineOf(text)
    return { outline: outline ?? empty, of: text, isBroken: outline === undefined }
  })
  useEffect(() => {
    if (text === seen.of) return undefined
    const timer = setTimeout(() => {
      const outline = outlineOf(text)
      // Typing goes on while a long flow is drawn.
      startTransition(() => setSeen((before) => ({ outline: outline ?? before.outline, of: text, isBroken: outline === undefined })))
    }, outlineAfterMs)
    return () => clearTimeout(timer)
  }, [text, seen.of])
  return seen
}

interface ActionsProps {
  readonly edit: Edit
  readonly step: string | undefined
  readonly outline: Outline
  onEdited(text: string, step: string | undefined): void
}

const actions: readonly { readonly edit: StepEdit; readonly label: string; readonly icon: typeof Plus }[] = [
  { edit: 'insert', label: 'Insert a step after it', icon: Plus },
  { edit: 'duplicate', label: 'Duplicate the step', icon: CopyPlus },
  { edit: 'wrap', label: 'Wrap the step in try', icon: ShieldAlert },
  { edit: 'delete', label: 'Delete the step', icon: Trash2 },
]

/** Small changes of the selected step, made in the text. */
function StepActions({ edit, step, outline, onEdited }: ActionsProps) {
  const missing = useMissing('flows.save')
  const found = useMemo(() => [...everyStep([...outline.steps, ...outline.onError])].find(({ id }) => id === step), [outline, step])
  const isOnlyOne = useMemo(() => found !== undefined && siblingsOf(outline, found).length === 1, [found, outline])
  const blocked =
    missing !== undefined
      ? `You lack the scope ${missing}`
      : found === undefined
        ? 'Select a step in the list, the graph or the text'
        : undefined
  return (
    <div className={styles.stepActions}>
      {found === undefined ? null : <code>{visible(found.id)}</code>}
      {actions.map(({ edit: kind, label, icon: Icon }) => (
        <Button
          key={kind}
          kind="quiet"
          iconOnly
          icon={<Icon aria-hidden />}
          blocked={
            blocked ?? (kind === 'delete' && isOnlyOne ? 'It is the only step here, and a list of steps cannot be empty' : undefined)
          }
          onClick={() => {
            const edited = step === undefined ? undefined : editStep(edit.text, step, kind)
            if (edited) onEdited(edited.text, edited.step)
          }}
        >
          {label}
        </Button>
      ))}
    </div>
  )
}
