import { useQuery } from '@tanstack/react-query'
import { UserPlus } from 'lucide-react'
import { useState } from 'react'
import { trpc, useAction, useMissing, type Outputs } from '#api'
import { ActionButton, useLive } from '#app'
import { fieldErrors } from '#forms'
import {
  Button,
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

type Member = Outputs['members']['list']['items'][number]
type Role = Member['role']

const memberKinds = ['member', 'session'] as const
const invitationKinds = ['invitation'] as const
const roles: readonly Role[] = ['viewer', 'member', 'admin', 'owner']
const roleOptions = roles.map((role) => ({ value: role, label: role }))

export function People() {
  const options = trpc.members.list.queryOptions({})
  const query = useQuery(options)
  useLive(memberKinds, options.queryKey)
  const [isInviting, setInviting] = useState(false)
  const [leaving, setLeaving] = useState<Member>()
  const missing = useMissing('members.update')
  const update = useAction(trpc.members.update, { done: 'The role applies within a second.' })
  const remove = useAction(trpc.members.remove, { done: 'The person is no member any more.', onDone: () => setLeaving(undefined) })
  return (
    <>
      <Section
        title={texts.people}
        actions={
          <ActionButton
            action={{
              label: texts.invite,
              operation: 'invitations.create',
              kind: 'main',
              icon: <UserPlus aria-hidden />,
              run: () => setInviting(true),
            }}
          />
        }
      >
        <Loaded query={query}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title={texts.noPeople}>{texts.noPeopleAbout}</Empty>
            ) : (
              <Table
                label={texts.people}
                columns={['Name', 'E-mail address', 'Role', 'Second factor', 'Since', 'Action']}
                rows={items}
                keyOf={({ user_id: id }) => id}
                cells={(member) => [
                  `${visible(member.name)}${member.hub_admin ? ' (administrator of the hub)' : ''}`,
                  visible(member.email),
                  <SelectField
                    key="role"
                    label={`Role of ${member.name}`}
                    isLabelHidden
                    disabled={missing !== undefined}
                    title={missing === undefined ? undefined : `You lack the scope ${missing}`}
                    options={roleOptions}
                    value={member.role}
                    onValue={(role) => update.mutate({ user_id: member.user_id, role: role as Role })}
                  />,
                  member.two_factor ? 'on' : 'off',
                  <Time key="since" at={member.created_at} />,
                  <OperationButton key="remove" operation="members.remove" onClick={() => setLeaving(member)}>
                    Remove<span className="hidden-visually">{` ${member.name}`}</span>
                  </OperationButton>,
                ]}
              />
            )
          }
        </Loaded>
      </Section>
      <Invitations />
      {isInviting ? <Invite onClose={() => setInviting(false)} /> : null}
      <Confirm
        title={`Remove ${leaving?.name ?? ''}?`}
        isOpen={leaving !== undefined}
        isDanger
        action="Remove"
        isBusy={remove.isPending}
        onClose={() => setLeaving(undefined)}
        onConfirm={() => leaving && remove.mutate({ user_id: leaving.user_id })}
      >
        <p>{texts.removeMember}</p>
      </Confirm>
    </>
  )
}

function Invitations() {
  const isAllowed = useMissing('invitations.list') === undefined
  const options = trpc.invitations.list.queryOptions({})
  const query = useQuery({ ...options, enabled: isAllowed })
  useLive(invitationKinds, options.queryKey)
  const revoke = useAction(trpc.invitations.revoke, { done: 'The link works no more.' })
  const open = query.data?.items.filter(({ used_at: used, revoked_at: revoked }) => used === null && revoked === null) ?? []
  if (open.length === 0) return null
  return (
    <Section title="Open invitations">
      <Table
        label="Open invitations"
        columns={['For', 'Role', 'Expires', 'State', 'Action']}
        rows={open}
        keyOf={({ id }) => id}
        cells={({ id, email, role, expires_at: at }) => [
          email === null ? 'whoever has the link' : visible(email),
          role,
          <Time key="at" at={at} />,
          <StateBadge key="state" state={Date.parse(at) < Date.now() ? 'expired' : 'waiting'} />,
          <Button key="revoke" onClick={() => revoke.mutate({ id })}>
            Revoke<span className="hidden-visually"> the invitation</span>
          </Button>,
        ]}
      />
    </Section>
  )
}

function Invite({ onClose }: { onClose(): void }) {
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('member')
  const create = useAction(trpc.invitations.create, { done: 'The invitation is made.' })
  const errors = create.error ? fieldErrors(create.error) : {}
  const made = create.data
  return (
    <Dialog
      title={texts.invite}
      isOpen
      isKept={made !== undefined}
      onClose={onClose}
      actions={
        made ? (
          <Button onClick={onClose}>Done</Button>
        ) : (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button kind="main" isBusy={create.isPending} onClick={() => create.mutate({ role, ...(email === '' ? {} : { email }) })}>
              Make the link
            </Button>
          </>
        )
      }
    >
      {create.error ? <ErrorNote error={create.error} /> : null}
      {made ? (
        <>
          <p>{texts.inviteOnce}</p>
          <p className={styles.once}>
            <code>{made.link}</code>
            <CopyButton text={made.link} label="Copy the link" />
          </p>
        </>
      ) : (
        <>
          <TextField
            label="E-mail address"
            about="Without one, whoever has the link is let in."
            type="email"
            value={email}
            onValue={setEmail}
            error={errors['email']}
          />
          <SelectField label="Role" options={roleOptions} value={role} onValue={(next) => setRole(next as Role)} />
        </>
      )}
    </Dialog>
  )
}
