import { useVirtualizer } from '@tanstack/react-virtual'
import {
  ArrowRight,
  ChevronDown,
  ChevronRight,
  CircleDashed,
  MessageCircleQuestion,
  Play,
  Radio,
  Send,
  SquareDot,
  Wrench,
  type LucideIcon,
} from 'lucide-react'
import { useEffect, useId, useMemo, useRef, useState } from 'react'
import { classes, durationText, relativeTime, toneOf, useKeys, useNow, visible, wordOf } from '#ui'
import { linesOf, spanOf, type Line, type Span, type TraceNode } from './tree.ts'
import styles from './timeline.module.css'

const icons: Readonly<Record<TraceNode['kind'], LucideIcon>> = {
  event: Radio,
  run: Play,
  step: SquareDot,
  item: CircleDashed,
  call: Wrench,
  request: ArrowRight,
  approval: MessageCircleQuestion,
  delivery: Send,
}
const rowHeight = 28
/** Steps that do nothing but wait. */
const waiting = new Set(['wait', 'wait_for', 'approve'])
const ticks = [0, 0.25, 0.5, 0.75, 1]

interface TimelineProps {
  readonly nodes: readonly TraceNode[]
  readonly selected: string
  onSelect(id: string): void
}

/** What happened, one line each, on one axis of time. A tree for keys and for readers: arrows move, left and right close and open. */
export function Timeline({ nodes, selected, onSelect }: TimelineProps) {
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set())
  const lines = useMemo(() => linesOf(nodes, toggled), [nodes, toggled])
  const now = useNow()
  const span = useMemo(() => spanOf(nodes, now), [nodes, now])
  const scroller = useRef<HTMLDivElement>(null)
  const prefix = useId()
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  })
  const at = lines.findIndex(({ node }) => node.id === selected)

  const toggle = (id: string): void => {
    const next = new Set(toggled)
    if (!next.delete(id)) next.add(id)
    setToggled(next)
  }
  const go = (index: number): void => {
    const line = lines[Math.max(0, Math.min(lines.length - 1, index))]
    if (line) onSelect(line.node.id)
  }
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: 'auto' })
  }, [at, virtual])
  useKeys(
    useMemo(() => {
      const failed = lines.filter(({ node: { status, kind } }) => status === 'failed' && kind !== 'run')
      const next = (): void => {
        const here = failed.findIndex(({ node }) => node.id === selected)
        const line = failed[(here + 1) % Math.max(1, failed.length)]
        if (line) onSelect(line.node.id)
      }
      return [{ key: 'f', label: 'Next failure', run: next }]
    }, [lines, selected, onSelect]),
  )

  return (
    <div className={styles.timeline}>
      <div className={styles.axis} aria-hidden>
        <span />
        <span className={styles.ticks}>
          {ticks.map((part) => (
            <span key={part} style={{ left: `${part * 100}%` }}>
              {durationText(part * (span.to - span.from))}
            </span>
          ))}
        </span>
      </div>
      <div
        ref={scroller}
        className={styles.scroller}
        role="tree"
        aria-label="Timeline"
        aria-activedescendant={at < 0 ? undefined : `${prefix}${at}`}
        tabIndex={0}
        onKeyDown={(event) => {
          const line = lines[at]
          if (event.key === 'ArrowDown' || event.key === 'j') go(at + 1)
          else if (event.key === 'ArrowUp' || event.key === 'k') go(at - 1)
          else if (event.key === 'Home') go(0)
          else if (event.key === 'End') go(lines.length - 1)
          else if (event.key === 'ArrowRight' && line?.hasChildren && !line.isOpen) toggle(line.node.id)
          else if (event.key === 'ArrowLeft' && line?.hasChildren && line.isOpen) toggle(line.node.id)
          else if (event.key === 'ArrowLeft' && line?.node.parent) onSelect(line.node.parent)
          else return
          event.preventDefault()
        }}
      >
        <div className={styles.lines} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => (
            <Row
              key={lines[index]!.node.id}
              id={`${prefix}${index}`}
              line={lines[index]!}
              span={span}
              top={start}
              isSelected={index === at}
              onSelect={onSelect}
              onToggle={toggle}
            />
          ))}
        </div>
      </div>
    </div>
  )
}

interface RowProps {
  readonly id: string
  readonly line: Line
  readonly span: Span
  readonly top: number
  readonly isSelected: boolean
  onSelect(id: string): void
  onToggle(id: string): void
}

function Row({ id, line, span, top, isSelected, onSelect, onToggle }: RowProps) {
  const { node, depth, hasChildren, isOpen, folded } = line
  const Icon = icons[node.kind]
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus -- the tree has the focus and takes the keys.
    <div
      id={id}
      role="treeitem"
      aria-level={depth + 1}
      aria-expanded={hasChildren ? isOpen : undefined}
      aria-selected={isSelected}
      className={classes(styles.row, isSelected && styles.selected)}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => (folded === undefined ? onSelect(node.id) : onToggle(node.id))}
    >
      <span className={styles.name} style={{ paddingLeft: 4 + depth * 14 }}>
        {hasChildren ? (
          <button
            type="button"
            tabIndex={-1}
            className={styles.toggle}
            aria-hidden
            onClick={(event) => {
              event.stopPropagation()
              onToggle(node.id)
            }}
          >
            {isOpen ? <ChevronDown aria-hidden /> : <ChevronRight aria-hidden />}
          </button>
        ) : (
          <span className={styles.toggle} />
        )}
        <Icon aria-hidden className={styles.icon} data-tone={toneOf(node.status)} />
        {folded === undefined ? <span className="hidden-visually">{`${node.kind} `}</span> : null}
        <span className={styles.title}>{visible(node.title)}</span>
        <span className={styles.detail}>{visible(node.detail ?? '')}</span>
        {folded === undefined ? <span className="hidden-visually">{`, ${wordOf(node.status)}, `}</span> : null}
      </span>
      <span className={styles.track}>{folded === undefined ? <Bar node={node} span={span} /> : null}</span>
    </div>
  )
}

function Bar({ node, span }: { readonly node: TraceNode; readonly span: Span }) {
  if (node.started_at === null) return null
  const whole = span.to - span.from
  const start = Date.parse(node.started_at)
  const end = node.finished_at === null ? span.to : Date.parse(node.finished_at)
  const left = ((start - span.from) / whole) * 100
  const width = Math.max(0.4, ((end - start) / whole) * 100)
  const took = node.finished_at === null ? waitText(node) : durationText(end - start)
  return (
    <>
      <span
        className={styles.bar}
        data-tone={toneOf(node.status)}
        data-kind={node.kind}
        data-waits={node.wait !== null || waiting.has(node.detail ?? '') || undefined}
        style={{ left: `${left}%`, width: `${Math.min(width, 100 - left)}%` }}
      />
      <span
        className={styles.took}
        style={left > 60 ? { right: `${Math.max(0, 100 - left)}%` } : { left: `${Math.min(100, left + width)}%` }}
      >
        {took}
      </span>
    </>
  )
}

function waitText({ wait, status }: TraceNode): string {
  if (wait === null) return wordOf(status)
  const until = wait.until === null ? '' : `, ${relativeTime(Date.parse(wait.until))}`
  return `waits for ${wait.for}${until}`
}
