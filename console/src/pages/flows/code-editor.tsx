import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { yaml } from '@codemirror/lang-yaml'
import { bracketMatching, foldGutter, foldKeymap, indentOnInput } from '@codemirror/language'
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import { Annotation, EditorState, type Transaction } from '@codemirror/state'
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from '@codemirror/view'
import { useEffect, useRef } from 'react'
import { completeWith, type Knowledge } from './completion.ts'
import { look } from './editor-look.ts'
import styles from './flows.module.css'
import { offsetOf, type Problem } from './problems.ts'

/** A change that comes from the page and not from whoever types. */
const fromPage = Annotation.define<boolean>()

/** Which part of the text is to be shown and selected; another object each time that it is asked for. */
export interface Target {
  readonly from: number
  readonly to: number
  readonly isFocused: boolean
}

interface CodeEditorProps {
  readonly text: string
  readonly label: string
  readonly problems: readonly Problem[]
  readonly knowledge: Knowledge
  readonly target: Target | undefined
  onText(text: string): void
  onSave(): void
  /** The cursor was moved by the person. */
  onCursor(position: number): void
}

/** The text of a flow. Tab leaves it, as it leaves every field; Ctrl+S saves. */
export function CodeEditor(props: CodeEditorProps) {
  const { text, problems, target, label } = props
  const place = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const latest = useRef(props)
  useEffect(() => void (latest.current = props))

  useEffect(() => {
    const created = new EditorView({
      parent: place.current!,
      state: EditorState.create({
        doc: latest.current.text,
        extensions: [
          look(label),
          lineNumbers(),
          foldGutter(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          highlightSelectionMatches(),
          search({ top: true }),
          yaml(),
          lintGutter(),
          autocompletion({ override: [completeWith(() => latest.current.knowledge)], icons: false }),
          keymap.of([
            { key: 'Mod-s', preventDefault: true, run: () => (latest.current.onSave(), true) },
            ...closeBracketsKeymap,
            ...completionKeymap,
            ...searchKeymap,
            ...foldKeymap,
            ...lintKeymap,
            ...historyKeymap,
            ...defaultKeymap,
          ]),
          EditorView.domEventHandlers({ beforeinput: replaceSelection }),
          EditorView.updateListener.of(({ docChanged, selectionSet, state, transactions }) => {
            if (transactions.some((transaction) => transaction.annotation(fromPage))) return
            if (docChanged) latest.current.onText(state.doc.toString())
            if (selectionSet || docChanged) latest.current.onCursor(state.selection.main.head)
          }),
        ],
      }),
    })
    view.current = created
    return () => created.destroy()
  }, [label])

  useEffect(() => {
    const { current } = view
    if (!current) return
    const shown = current.state.doc.toString()
    if (shown !== text) current.dispatch({ changes: difference(shown, text), annotations: fromPage.of(true) })
  }, [text])

  useEffect(() => {
    const { current } = view
    if (!current) return
    const shown = current.state.doc.toString()
    const diagnostics = problems.map((problem) => {
      const from = offsetOf(shown, problem.line, problem.column)
      const [word = ''] = /^[^\s,}\]]*/.exec(shown.slice(from, from + 200)) ?? []
      return { from, to: from + word.length, severity: 'error' as const, message: `${problem.message}. ${problem.remedy}` }
    })
    current.dispatch({ ...setDiagnostics(current.state, diagnostics), annotations: fromPage.of(true) })
  }, [problems])

  useEffect(() => {
    const { current } = view
    if (!current || !target) return
    const most = current.state.doc.length
    const [anchor, head] = [Math.min(target.from, most), Math.min(target.to, most)]
    current.dispatch({
      selection: { anchor, head },
      effects: EditorView.scrollIntoView(anchor, { y: 'start', yMargin: 40 }),
      annotations: fromPage.of(true),
    })
    if (target.isFocused) current.focus()
  }, [target])

  return <div ref={place} className={styles.editor} data-scrolls />
}

/**
 * Puts what is typed in the place of what is selected. The browser would keep the look of the selected text in a style attribute, which the policy of
 * the page refuses.
 */
function replaceSelection(event: InputEvent, view: EditorView): boolean {
  const { state } = view
  const { from, to, empty } = state.selection.main
  const { data } = event
  if (empty || data === null || event.inputType !== 'insertText' || event.isComposing || state.selection.ranges.length > 1) return false
  const insert = (): Transaction => view.state.update(view.state.replaceSelection(data), { userEvent: 'input.type', scrollIntoView: true })
  const isTaken = state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, data, insert))
  if (!isTaken) view.dispatch(insert())
  event.preventDefault()
  return true
}

/** The part in which two texts differ, so that the cursor stays where nothing has changed. */
function difference(before: string, after: string): { from: number; to: number; insert: string } {
  let start = 0
  const most = Math.min(before.length, after.length)
  while (start < most && before[start] === after[start]) start++
  let end = 0
  while (end < most - start && before.at(-1 - end) === after.at(-1 - end)) end++
  return { from: start, to: before.length - end, insert: after.slice(start, after.length - end) }
}
