import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Dialog as Base } from '@base-ui/react/dialog'
import { useId, useRef, useState } from 'react'
import { trpc } from '#api'
import { classes, visible } from '#ui'
import { pageActions } from './actions.tsx'
import { pages } from './pages.ts'
import styles from './palette.module.css'
import { texts } from './texts.ts'
import { pathOf } from './thing-link.tsx'

interface Item {
  readonly key: string
  readonly kind: string
  readonly label: string
  /** Why it cannot be done now. */
  readonly blocked?: string | undefined
  run(): void
}

const mostItems = 12

/** Goes everywhere: pages, things by their name or id, actions of the page, tools. */
export function Palette({ isOpen, onClose }: { readonly isOpen: boolean; onClose(): void }) {
  const isLeaving = useRef(false)
  return (
    <Base.Root open={isOpen} onOpenChange={(open) => (open ? undefined : onClose())}>
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup
          className={styles.popup}
          aria-label={texts.search}
          initialFocus={() => {
            isLeaving.current = false
            return true
          }}
          // After navigation the heading has the focus, whether the page came before this window was gone or comes later.
          finalFocus={() => {
            if (!isLeaving.current) return true
            const main = document.querySelector('main')
            return main?.contains(document.activeElement) ? false : (main?.querySelector('h1') ?? true)
          }}
        >
          {isOpen ? <Finder onClose={onClose} onLeave={() => (isLeaving.current = true)} /> : null}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}

function Finder({ onClose, onLeave }: { onClose(): void; onLeave(): void }) {
  const [text, setText] = useState('')
  const [index, setIndex] = useState(0)
  const id = useId()
  const items = useItems(text.trim())
  const at = Math.min(index, items.length - 1)
  const choose = (item: Item | undefined): void => {
    if (!item || item.blocked !== undefined) return
    if (item.kind !== 'action') onLeave()
    onClose()
    item.run()
  }
  return (
    <>
      <input
        className={styles.input}
        role="combobox"
        aria-expanded
        aria-controls={`${id}list`}
        aria-activedescendant={items[at] && `${id}${at}`}
        aria-label={texts.search}
        placeholder={texts.search}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setIndex(0)
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setIndex(Math.min(at + 1, items.length - 1))
          else if (event.key === 'ArrowUp') setIndex(Math.max(at - 1, 0))
          else if (event.key === 'Enter') choose(items[at])
          else return
          event.preventDefault()
        }}
      />
      <ul id={`${id}list`} role="listbox" aria-label="Results" className={styles.list}>
        {items.map((item, position) => (
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the field takes the keys.
          <li
            key={item.key}
            id={`${id}${position}`}
            role="option"
            aria-selected={position === at}
            aria-disabled={item.blocked !== undefined || undefined}
            className={classes(styles.item, position === at && styles.active)}
            onPointerMove={() => setIndex(position)}
            onClick={() => choose(item)}
          >
            <span>{visible(item.label)}</span>
            <span className={styles.kind}>{item.blocked ?? item.kind}</span>
          </li>
        ))}
      </ul>
      {items.length === 0 ? <p className={styles.nothing}>Nothing matches.</p> : null}
    </>
  )
}

function useItems(text: string): readonly Item[] {
  const navigate = useNavigate()
  const go = (path: string) => () => void navigate({ to: path })
  const isAsking = text.length >= 2
  const options = { enabled: isAsking, staleTime: 60_000 }
  const flows = useQuery({ ...trpc.flows.list.queryOptions({}), ...options })
  const integrations = useQuery({ ...trpc.integrations.list.queryOptions({}), ...options })
  const tools = useQuery({ ...trpc.tools.list.queryOptions({ query: text, limit: 5 }), ...options })

  const path = /^[a-z]{2,4}_[\w-]+$/.test(text) ? pathOf(text) : undefined
  if (path !== undefined) return [{ key: text, kind: 'open', label: text, run: go(path) }]
  const wanted = text.toLowerCase()
  const actions = pageActions().filter(({ isInMenu }) => !isInMenu || wanted !== '')
  const matching = (items: readonly Item[]): Item[] => items.filter(({ label }) => label.toLowerCase().includes(wanted))
  return [
    ...matching(actions.map(({ label, blocked, run }) => ({ key: `action ${label}`, kind: 'action', label, blocked, run }))),
    ...matching(pages.map(({ path: to, title }) => ({ key: to, kind: 'page', label: title, run: go(to) }))),
    ...matching((flows.data?.items ?? []).map(({ id, name }) => ({ key: id, kind: 'flow', label: name ?? id, run: go(`/flows/${id}`) }))),
    ...matching(
      (integrations.data?.items ?? []).map(({ id, name }) => ({
        key: id,
        kind: 'integration',
        label: name ?? id,
        run: go(`/integrations/${id}`),
      })),
    ),
    ...(isAsking ? (tools.data?.items ?? []) : []).map(({ name }) => ({
      key: `tool ${name}`,
      kind: 'tool',
      label: name,
      run: go(`/tools/${name}`),
    })),
  ].slice(0, mostItems)
}
