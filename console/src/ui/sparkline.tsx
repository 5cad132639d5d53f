import styles from './sparkline.module.css'

const width = 120
const height = 28

/** A small picture of how a figure went. The sentence says the same to readers. */
export function Sparkline({
  values,
  sentence,
  tone = 'accent',
}: {
  readonly values: readonly number[]
  readonly sentence: string
  readonly tone?: 'accent' | 'failed'
}) {
  const most = Math.max(1, ...values)
  const step = width / Math.max(1, values.length - 1)
  const points = values.map((value, index) => `${(index * step).toFixed(1)},${(height - 2 - (value / most) * (height - 4)).toFixed(1)}`)
  return (
    <svg
      className={styles.line}
      data-tone={tone}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={sentence}
    >
      <polyline points={points.join(' ')} fill="none" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
    </svg>
  )
}
