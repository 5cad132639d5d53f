import { CornerDownRight } from 'lucide-react'
import { memo } from 'react'
import { classes, StateBadge, visible } from '#ui'
import type { Step } from '../../graph/outline.ts'
import type { StepsProps } from '../../graph/types.ts'
import styles from './flows.module.css'

/** The steps as nested lists: what the graph shows, for keys and for readers. */
export const StepList = memo(function StepList({ outline, ...rest }: StepsProps) {
  return (
    <div className={styles.stepList} data-scrolls>
      <Steps steps={outline.steps} {...rest} />
      {outline.onError.length === 0 ? null : (
        <>
          <p className={styles.block}>on error</p>
          <Steps steps={outline.onError} {...rest} />
        </>
      )}
    </div>
  )
})

function Steps({ steps, ...rest }: Omit<StepsProps, 'outline'> & { readonly steps: readonly Step[] }) {
  return (
    <ol>
      {steps.map((step) => (
        <li key={step.path.join('/')}>
          <StepButton step={step} {...rest} />
          {step.blocks.map((block) => (
            <div key={block.steps[0]?.path.join('/') ?? block.label} className={styles.inner}>
              <p className={styles.block}>
                <CornerDownRight aria-hidden />
                {visible(block.label)}
              </p>
              <Steps steps={block.steps} {...rest} />
            </div>
          ))}
        </li>
      ))}
    </ol>
  )
}

function StepButton({ step, selected, states, onSelect }: Omit<StepsProps, 'outline'> & { readonly step: Step }) {
  const { id, kind, what, condition } = step
  const state = states.get(id)
  const isSelected = id !== '' && id === selected
  return (
    <button
      type="button"
      className={classes(styles.step, isSelected && styles.selectedStep)}
      aria-current={isSelected ? 'step' : undefined}
      onClick={() => onSelect(step)}
    >
      <span className={styles.stepName}>{visible(id || '(no id)')}</span>
      <span className={styles.stepWhat}>{visible(kind === 'uses' ? what : `${kind} ${what}`)}</span>
      {condition !== undefined && kind !== 'if' ? <span className={styles.stepWhat}>{`if ${visible(condition)}`}</span> : null}
      {state === undefined ? null : <StateBadge state={state} />}
    </button>
  )
}
