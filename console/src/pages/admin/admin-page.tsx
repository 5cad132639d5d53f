import { useNavigate, useParams } from '@tanstack/react-router'
import { Page, Tabs } from '#ui'
import { Apps } from './apps.tsx'
import { AuditLog } from './audit-log.tsx'
import { Buses } from './buses.tsx'
import { Credentials } from './credentials.tsx'
import { People } from './people.tsx'
import { Policies } from './policies.tsx'
import { Retention } from './retention.tsx'
import { Tokens } from './tokens.tsx'
import { texts } from './texts.ts'

/** Tokens, credentials, policies, people, apps, the audit log, message buses and retention. */
export function AdminPage() {
  const { id = 'tokens' } = useParams({ strict: false })
  const navigate = useNavigate()
  return (
    <Page title={texts.title}>
      <Tabs
        label={texts.title}
        open={id}
        onOpen={(tab) => void navigate({ to: '/admin/$id', params: { id: tab }, search: {} })}
        tabs={[
          { id: 'tokens', label: texts.tokens, content: <Tokens /> },
          { id: 'credentials', label: texts.credentials, content: <Credentials /> },
          { id: 'policies', label: texts.policies, content: <Policies /> },
          { id: 'people', label: texts.people, content: <People /> },
          { id: 'apps', label: texts.apps, content: <Apps /> },
          { id: 'audit', label: texts.audit, content: <AuditLog /> },
          { id: 'buses', label: texts.buses, content: <Buses /> },
          { id: 'retention', label: texts.retention, content: <Retention /> },
        ]}
      />
    </Page>
  )
}
