import { Check, CircleAlert, Loader } from 'lucide-react'
import { useMissing } from '#api'
import { Button, ErrorNote, visible } from '#ui'
import styles from './flows.module.css'
import { fixOf, type Problem } from './problems.ts'
import { texts } from './texts.ts'
import { problemCount, type Edit } from './use-edit.ts'

interface ProblemListProps {
  readonly edit: Edit
  onFix(problem: Problem): void
  onShow(problem: Problem): void
}

/** What is wrong with the text: where, what, and how to put it right. */
export function ProblemList({ edit, onFix, onShow }: ProblemListProps) {
  const { problems, isChecking, checkError, text } = edit
  const missing = useMissing('flows.check')
  if (missing !== undefined) return null
  if (checkError) return <ErrorNote error={checkError} onRetry={edit.checkNow} />
  return (
    <div className={styles.problems} data-scrolls>
      <p className={styles.checked} role="status">
        {isChecking ? (
          <>
            <Loader aria-hidden /> {texts.checking}
          </>
        ) : problems.length === 0 ? (
          <>
            <Check aria-hidden data-tone="ok" /> {texts.noProblems}
          </>
        ) : (
          <>
            <CircleAlert aria-hidden data-tone="failed" /> {problemCount(problems.length)}
          </>
        )}
      </p>
      <ul aria-label="Problems">
        {problems.map((problem) => {
          const { line, column, path, message, remedy } = problem
          const change = fixOf(text, problem)
          return (
            <li key={`${line}:${column} ${message}`}>
              <button type="button" className={styles.place} onClick={() => onShow(problem)}>
                {`${line}:${column}`}
                <span className="hidden-visually"> show in the text</span>
              </button>
              <span>
                {path === '' ? null : <code>{visible(path)}</code>} {visible(message)}.{' '}
                <span className={styles.muted}>{visible(remedy)}</span>
              </span>
              {change === undefined ? null : (
                <Button blocked={isChecking ? texts.checking : undefined} onClick={() => onFix(problem)}>
                  Fix<span className="hidden-visually">: write {visible(change.insert)}</span>
                </Button>
              )}
            </li>
          )
        })}
      </ul>
    </div>
  )
}
