import { useQuery } from '@tanstack/react-query'
import { ArrowLeft, ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { trpc } from '#api'
import { useSearch, useSetSearch } from '#app'
import { Button, Dialog, Loaded, TextField, visible } from '#ui'
import { ConnectForm } from './connect-form.tsx'
import styles from './integrations.module.css'
import type { Connector } from './state.ts'
import { texts } from './texts.ts'

/** Connects an outside system: first which one, then its form. The address keeps the choice. */
export function ConnectDialog({ onClose }: { onClose(): void }) {
  const { connect } = useSearch()
  const setSearch = useSetSearch()
  const query = useQuery({ ...trpc.connectors.list.queryOptions({}), staleTime: 60_000 })
  const chosen = query.data?.items.find(({ name }) => name === connect)
  return (
    <Dialog title={chosen ? `Connect ${chosen.title}` : texts.chooseTitle} isOpen isWide onClose={onClose}>
      <Loaded query={query} rows={6}>
        {({ items }) =>
          chosen ? (
            <>
              <Button kind="quiet" icon={<ArrowLeft aria-hidden />} onClick={() => setSearch({ connect: 'new' })}>
                {texts.back}
              </Button>
              <ConnectForm key={chosen.name} connector={chosen} />
            </>
          ) : (
            <Choose connectors={items} onChoose={(name) => setSearch({ connect: name })} />
          )
        }
      </Loaded>
    </Dialog>
  )
}

function Choose({ connectors, onChoose }: { readonly connectors: readonly Connector[]; onChoose(name: string): void }) {
  const [text, setText] = useState('')
  const shown = connectors.filter(({ name, title, description }) =>
    `${name} ${title} ${description}`.toLowerCase().includes(text.trim().toLowerCase()),
  )
  return (
    <>
      <TextField label={texts.choose} type="search" autoComplete="off" value={text} onValue={setText} />
      <ul className={styles.choices}>
        {shown.map(({ name, title, description }) => (
          <li key={name}>
            <button type="button" className={styles.choice} onClick={() => onChoose(name)}>
              <span className={styles.choiceTitle}>{visible(title)}</span>
              <span className={styles.choiceAbout}>{visible(description)}</span>
              <ChevronRight aria-hidden />
            </button>
          </li>
        ))}
      </ul>
      {shown.length === 0 ? <p className={styles.muted}>No connector matches. The connector HTTP takes any HTTP API.</p> : null}
    </>
  )
}
