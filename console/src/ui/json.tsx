import { useVirtualizer } from '@tanstack/react-virtual'
import { ChevronDown, ChevronRight, Download } from 'lucide-react'
import { useMemo, useRef, useState } from 'react'
import { Button } from './button.tsx'
import { CopyButton } from './copy.tsx'
import { type JsonLine, linesOf } from './json-lines.ts'
import styles from './json.module.css'
import { visible } from './safe-text.ts'

const rowHeight = 20
const longestView = 440
/** Above this, everything below the first level is closed at first. */
const largeBytes = 100_000
/** Above this, it is a file. */
const hugeBytes = 5_000_000
const longestText = 2000

interface JsonProps {
  readonly value: unknown
  readonly label: string
  /** The name of the file when it is downloaded. */
  readonly fileName?: string
}

/** A value as a tree: search, copying of values and paths, and only the lines that are seen are in the page. */
export function Json({ value, label, fileName = 'value' }: JsonProps) {
  const text = useMemo(() => JSON.stringify(value, null, 2) ?? 'null', [value])
  const download = (
    <Button icon={<Download aria-hidden />} onClick={() => save(text, `${fileName}.json`)}>
      Download
    </Button>
  )
  if (value === null || typeof value !== 'object') return <Scalar value={value} label={label} />
  if (text.length > hugeBytes)
    return (
      <p>
        {`This has ${(text.length / 1_000_000).toFixed(1)} MB, which is too large to show. `}
        {download}
      </p>
    )
  return <Tree value={value} text={text} label={label} download={download} />
}

function Scalar({ value, label }: Pick<JsonProps, 'value' | 'label'>) {
  const text = typeof value === 'string' ? value : String(value)
  return (
    <div className={styles.scalar}>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a long text scrolls, and keys must reach it. */}
      <pre role="region" aria-label={label} tabIndex={0}>
        {visible(text.slice(0, 100_000))}
      </pre>
      <CopyButton text={text} />
    </div>
  )
}

interface TreeProps {
  readonly value: object
  readonly text: string
  readonly label: string
  readonly download: React.ReactNode
}

function Tree({ value, text, label, download }: TreeProps) {
  const isLarge = text.length > largeBytes
  // Paths whose state is not the usual one.
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set())
  const [search, setSearch] = useState('')
  const lines = useMemo(
    () => linesOf(value, { isOpen: (path, depth) => (search !== '' || !isLarge || depth < 1) !== toggled.has(path), search }),
    [value, toggled, search, isLarge],
  )
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
  })
  const toggle = (path: string): void => {
    const next = new Set(toggled)
    if (!next.delete(path)) next.add(path)
    setToggled(next)
  }
  return (
    <div className={styles.json}>
      <div className={styles.tools}>
        <input
          type="search"
          className={styles.search}
          placeholder="Search"
          aria-label={`Search in ${label}`}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        <CopyButton text={text} label={`Copy ${label}`} />
        {isLarge ? download : null}
      </div>
      <div
        ref={scroller}
        className={styles.scroller}
        role="tree"
        aria-label={label}
        tabIndex={0}
        style={{ height: Math.min(longestView, Math.max(1, lines.length) * rowHeight + 8) }}
      >
        <div className={styles.lines} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => (
            <Line key={lines[index]!.path + String(lines[index]!.isEnd)} line={lines[index]!} top={start} onToggle={toggle} />
          ))}
          {lines.length === 0 ? <p className={styles.nothing}>Nothing matches.</p> : null}
        </div>
      </div>
    </div>
  )
}

function Line({ line, top, onToggle }: { readonly line: JsonLine; readonly top: number; onToggle(path: string): void }) {
  const { path, depth, name, value, kind, isOpen, count, isMatch } = line
  const isBranch = kind === 'array' || kind === 'object'
  const [open, close] = kind === 'array' ? ['[', ']'] : ['{', '}']
  return (
    <div
      role="treeitem"
      aria-level={depth + 1}
      aria-expanded={isBranch ? isOpen : undefined}
      aria-selected={false}
      className={styles.line}
      data-match={isMatch || undefined}
      style={{ transform: `translateY(${top}px)`, paddingLeft: depth * 16 + 4 }}
    >
      {isBranch ? (
        <button
          type="button"
          className={styles.toggle}
          aria-label={`${isOpen ? 'Close' : 'Open'} ${path || 'all'}`}
          onClick={() => onToggle(path)}
        >
          {isOpen ? <ChevronDown aria-hidden /> : <ChevronRight aria-hidden />}
        </button>
      ) : (
        <span className={styles.toggle} />
      )}
      {name === undefined ? null : <span className={styles.name}>{`${visible(name)}: `}</span>}
      {isBranch ? (
        <span className={styles.muted}>{isOpen ? open : `${open} ${count} ${close}`}</span>
      ) : (
        <span
          className={styles.value}
          data-kind={kind}
          title={kind === 'string' ? visible(String(value).slice(0, longestText)) : undefined}
        >
          {kind === 'string' ? visible(JSON.stringify(String(value).slice(0, longestText))) : String(value)}
        </span>
      )}
      <span className={styles.copies}>
        <CopyButton text={path || '$'} label={`Copy the path ${path}`} />
      </span>
    </div>
  )
}

function save(text: string, name: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
