import { unifiedMergeView } from '@codemirror/merge'
import { EditorState } from '@codemirror/state'
import { EditorView, lineNumbers } from '@codemirror/view'
import { yaml } from '@codemirror/lang-yaml'
import { useEffect, useRef } from 'react'
import { look } from './editor-look.ts'
import styles from './flows.module.css'

interface DiffProps {
  readonly before: string
  readonly after: string
  readonly label: string
}

/** What changed between two texts: removed lines stand above those that replace them. What is the same on both sides is folded. */
export function Diff({ before, after, label }: DiffProps) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const view = new EditorView({
      parent: place.current!,
      state: EditorState.create({
        doc: after,
        extensions: [
          look(label),
          lineNumbers(),
          yaml(),
          EditorState.readOnly.of(true),
          EditorView.editable.of(false),
          EditorView.contentAttributes.of({ tabindex: '0' }),
          unifiedMergeView({
            original: before,
            mergeControls: false,
            gutter: true,
            collapseUnchanged: { margin: 3, minSize: 6 },
            syntaxHighlightDeletions: true,
          }),
        ],
      }),
    })
    return () => view.destroy()
  }, [before, after, label])
  return <div ref={place} className={styles.diff} data-scrolls />
}
