import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { trpc, useAction, useMe, type Outputs } from '#api'
import { ActionButton, useLive } from '#app'
import { fieldErrors } from '#forms'
import {
  Button,
  Check,
  Confirm,
  CopyButton,
  Dialog,
  Empty,
  ErrorNote,
  Loaded,
  OperationButton,
  Section,
  SelectField,
  StateBadge,
  TextField,
  Time,
  visible,
} from '#ui'
import styles from './admin.module.css'
import { Table } from './table.tsx'
import { texts } from './texts.ts'

type Token = Outputs['tokens']['list']['items'][number]

const kinds = ['token'] as const

export function Tokens() {
  const options = trpc.tokens.list.queryOptions({ limit: 200 })
  const query = useQuery(options)
  useLive(kinds, options.queryKey)
  const [isNew, setNew] = useState(false)
  const [ending, setEnding] = useState<Token>()
  const revoke = useAction(trpc.tokens.revoke, { done: 'The token is revoked.', onDone: () => setEnding(undefined) })
  return (
    <Section
      title={texts.tokens}
      actions={
        <ActionButton
          action={{ label: texts.newToken, operation: 'tokens.create', kind: 'main', icon: <Plus aria-hidden />, run: () => setNew(true) }}
        />
      }
    >
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={texts.noTokens}>{texts.noTokensAbout}</Empty>
          ) : (
            <Table
              label={texts.tokens}
              columns={['Name', 'Begins with', 'Scopes', 'Last used', 'Expires', 'State', 'Action']}
              rows={items}
              keyOf={({ id }) => id}
              cells={(token) => [
                visible(token.name),
                <code key="prefix">{token.prefix}…</code>,
                `${token.scopes.join(', ')}${token.read_only ? ' (read only)' : ''}`,
                token.last_used_at === null ? 'never' : <Time key="used" at={token.last_used_at} />,
                token.expires_at === null ? 'never' : <Time key="expires" at={token.expires_at} />,
                <StateBadge key="state" state={token.revoked_at === null ? 'active' : 'revoked'} />,
                token.revoked_at === null ? (
                  <OperationButton key="revoke" operation="tokens.revoke" onClick={() => setEnding(token)}>
                    Revoke<span className="hidden-visually">{` ${token.name}`}</span>
                  </OperationButton>
                ) : (
                  ''
                ),
              ]}
            />
          )
        }
      </Loaded>
      {isNew ? <NewToken onClose={() => setNew(false)} /> : null}
      <Confirm
        title={`Revoke ${ending?.name ?? ''}?`}
        isOpen={ending !== undefined}
        isDanger
        action="Revoke"
        isBusy={revoke.isPending}
        onClose={() => setEnding(undefined)}
        onConfirm={() => ending && revoke.mutate({ id: ending.id })}
      >
        <p>{texts.revokeToken}</p>
      </Confirm>
    </Section>
  )
}

/** What agents usually need. */
const usualScopes = ['tools:read', 'tools:call']
const offered = [
  'tools:read',
  'tools:call',
  'invocations:read',
  'integrations:read',
  'integrations:write',
  'events:read',
  'events:write',
  'flows:read',
  'flows:run',
  'flows:write',
  'approvals:read',
  'approvals:write',
  'credentials:write',
  'audit:read',
  'metrics:read',
  'admin',
]
const days: readonly { readonly value: string; readonly label: string }[] = [
  { value: '30', label: 'in 30 days' },
  { value: '90', label: 'in 90 days' },
  { value: '365', label: 'in a year' },
  { value: '', label: 'never' },
]

function NewToken({ onClose }: { onClose(): void }) {
  const { name: person } = useMe()
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<readonly string[]>(usualScopes)
  const [isReadOnly, setReadOnly] = useState(false)
  const [isService, setService] = useState(false)
  const [expires, setExpires] = useState('90')
  const create = useAction(trpc.tokens.create, { done: 'The token is created.' })
  const errors = create.error ? fieldErrors(create.error) : {}
  const made = create.data
  if (made)
    return (
      <Dialog title={made.name} isOpen isKept onClose={onClose} actions={<Button onClick={onClose}>Done</Button>}>
        <p>{texts.tokenOnce}</p>
        <p className={styles.once}>
          <code>{made.token}</code>
          <CopyButton text={made.token} label="Copy the token" />
        </p>
      </Dialog>
    )
  const submit = (): void =>
    create.mutate({
      name,
      scopes,
      read_only: isReadOnly,
      ...(isService ? { service: true } : {}),
      ...(expires === '' ? {} : { expires_at: new Date(Date.now() + Number(expires) * 86_400_000).toISOString() }),
    })
  return (
    <Dialog
      title={texts.newToken}
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="main" isBusy={create.isPending} blocked={name.trim() === '' ? 'Give it a name first' : undefined} onClick={submit}>
            {texts.newToken}
          </Button>
        </>
      }
    >
      {create.error ? <ErrorNote error={create.error} /> : null}
      <TextField label="Name" about="What uses it." required value={name} onValue={setName} error={errors['name']} />
      <fieldset className={styles.scopes}>
        <legend>What it may do</legend>
        {offered.map((scope) => (
          <Check
            key={scope}
            label={<code>{scope}</code>}
            isOn={scopes.includes(scope)}
            onValue={(isOn) => setScopes(isOn ? [...scopes, scope] : scopes.filter((one) => one !== scope))}
          />
        ))}
      </fieldset>
      <Check label="Read only: refuse everything that changes something" isOn={isReadOnly} onValue={setReadOnly} />
      <Check label={`It belongs to a service, and stays when ${person} leaves`} isOn={isService} onValue={setService} />
      <SelectField label="Expires" options={days} value={expires} onValue={setExpires} />
    </Dialog>
  )
}
