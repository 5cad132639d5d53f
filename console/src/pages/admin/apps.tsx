import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { trpc, useAction, useMissing, type Outputs } from '#api'
import { useLive } from '#app'
import { Confirm, Empty, Loaded, OperationButton, Section, StateBadge, Time, visible } from '#ui'
import { Table } from './table.tsx'
import { texts } from './texts.ts'

type Grant = Outputs['grants']['list']['items'][number]

const kinds = ['grant'] as const

export function Apps() {
  const isForAll = useMissing('invitations.list') === undefined
  const options = trpc.grants.list.queryOptions({ whose: isForAll ? 'workspace' : 'own' })
  const query = useQuery(options)
  useLive(kinds, options.queryKey)
  const [ending, setEnding] = useState<Grant>()
  const revoke = useAction(trpc.grants.revoke, { done: 'The app may do nothing any more.', onDone: () => setEnding(undefined) })
  return (
    <Section title={texts.apps}>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={texts.noApps}>{texts.noAppsAbout}</Empty>
          ) : (
            <Table
              label={texts.apps}
              columns={['App', 'For', 'Scopes', 'Last used', 'State', 'Action']}
              rows={items}
              keyOf={({ id }) => id}
              cells={(grant) => [
                visible(grant.app),
                visible(grant.person),
                grant.scopes.join(', '),
                grant.last_used_at === null ? 'never' : <Time key="at" at={grant.last_used_at} />,
                <StateBadge key="state" state={grant.revoked_at === null ? 'active' : 'revoked'} />,
                grant.revoked_at === null ? (
                  <OperationButton key="end" operation="grants.revoke" onClick={() => setEnding(grant)}>
                    End<span className="hidden-visually">{` what ${grant.app} may do`}</span>
                  </OperationButton>
                ) : (
                  ''
                ),
              ]}
            />
          )
        }
      </Loaded>
      <Confirm
        title={`End what ${ending?.app ?? ''} may do?`}
        isOpen={ending !== undefined}
        isDanger
        action="End it"
        isBusy={revoke.isPending}
        onClose={() => setEnding(undefined)}
        onConfirm={() => ending && revoke.mutate({ id: ending.id })}
      >
        <p>{texts.endGrant}</p>
      </Confirm>
    </Section>
  )
}
