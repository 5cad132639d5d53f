import { useQuery } from '@tanstack/react-query'
import { CircleCheck, KeyRound } from 'lucide-react'
import { useState } from 'react'
import { trpc, useAction, type Outputs } from '#api'
import { ThingLink, useLive } from '#app'
import { ButtonGroup, Id, Loaded, Note, OperationButton, RowItem, RowList, TextField, Time, visible } from '#ui'
import styles from './integrations.module.css'
import { refusalOf } from './reasons.ts'
import { Sample } from './webhook-sample.tsx'
import { SetUp } from './webhook-setup.tsx'
import { newSecret } from './secret.ts'
import type { Integration } from './state.ts'
import { webhookTexts as texts } from './texts.ts'

type Webhook = NonNullable<Outputs['integrations']['setup']['webhook']>

/** Three steps until the first delivery, and why others were refused. */
export function WebhookTab({ integration }: { readonly integration: Integration }) {
  const setup = useQuery(trpc.integrations.setup.queryOptions({ id: integration.id }))
  return (
    <Loaded query={setup}>
      {({ webhook }) =>
        webhook === null ? (
          <p className={styles.muted}>{texts.sendsNone}</p>
        ) : (
          <div className={styles.stack}>
            <ol className={styles.steps}>
              <li className={styles.step}>
                <Address url={webhook.url} />
              </li>
              <li className={styles.step}>
                <Secret integration={integration} webhook={webhook} />
                {webhook.setup_schema === null ? null : <SetUp name={integration.name} schema={webhook.setup_schema} />}
              </li>
              <li className={styles.step}>
                <Deliveries name={integration.name} samples={webhook.samples} />
              </li>
            </ol>
            <Refusals name={integration.name} />
          </div>
        )
      }
    </Loaded>
  )
}

function Address({ url }: { readonly url: string }) {
  const { origin } = new URL(url)
  return (
    <div className={styles.stack}>
      <h3>{texts.url}</h3>
      <Id>{url}</Id>
      {origin === location.origin ? null : <Note tone="waiting">{texts.elsewhere(origin)}</Note>}
    </div>
  )
}

function Secret({ integration: { id, config }, webhook }: { readonly integration: Integration; readonly webhook: Webhook }) {
  const [made, setMade] = useState<string>()
  const [own, setOwn] = useState<string>()
  const make = useAction(trpc.integrations.update, { done: texts.stored })
  const store = (secret: string, then: () => void): void => make.mutate({ id, config: { webhook_secret: secret } }, { onSuccess: then })
  return (
    <div className={styles.stack}>
      <h3>{texts.secret}</h3>
      {made === undefined ? (
        <p className={styles.muted}>{webhook.has_secret ? texts.hasSecret : texts.noSecret}</p>
      ) : (
        <Note tone="ok">
          <p>{texts.made}</p>
          <Id>{made}</Id>
        </Note>
      )}
      {own === undefined ? (
        <ButtonGroup>
          <OperationButton
            operation="integrations.update"
            icon={<KeyRound aria-hidden />}
            isBusy={make.isPending}
            onClick={() => {
              const secret = newSecret(config)
              store(secret, () => setMade(secret))
            }}
          >
            {webhook.has_secret ? texts.makeAnother : texts.make}
          </OperationButton>
          <OperationButton operation="integrations.update" onClick={() => setOwn('')}>
            {texts.enter}
          </OperationButton>
        </ButtonGroup>
      ) : (
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault()
            store(own, () => {
              setOwn(undefined)
              setMade(undefined)
            })
          }}
        >
          <TextField
            label={texts.secretLabel}
            about={texts.secretAbout}
            type="password"
            autoComplete="new-password"
            required
            minLength={16}
            value={own}
            onValue={setOwn}
          />
          <ButtonGroup>
            <OperationButton operation="integrations.update" type="submit" isBusy={make.isPending}>
              Save
            </OperationButton>
            <OperationButton operation="integrations.update" kind="quiet" onClick={() => setOwn(undefined)}>
              Cancel
            </OperationButton>
          </ButtonGroup>
        </form>
      )}
    </div>
  )
}

const kinds = ['event'] as const
const shown = 5

function Deliveries({ name, samples }: { readonly name: string; readonly samples: readonly string[] }) {
  const input = { integration: name, limit: shown }
  const query = useQuery(trpc.events.list.queryOptions(input))
  useLive(kinds, trpc.events.list.queryKey(input))
  const events = query.data?.items ?? []
  return (
    <div className={styles.stack}>
      <h3>{texts.first}</h3>
      <div role="status">
        {events.length === 0 ? (
          <Note tone="waiting">{texts.waiting}</Note>
        ) : (
          <Note tone="ok">
            <CircleCheck aria-hidden className={styles.icon} /> {texts.received}
          </Note>
        )}
      </div>
      {events.length === 0 ? null : (
        <RowList>
          {events.map(({ id, type, subject, received_at: at }) => (
            <RowItem
              key={id}
              main={
                <>
                  <ThingLink id={id}>{visible(type)}</ThingLink> <span className={styles.muted}>{visible(subject ?? '')}</span>
                </>
              }
            >
              <Time at={at} />
            </RowItem>
          ))}
        </RowList>
      )}
      {samples.length === 0 ? null : <Sample name={name} types={samples} />}
    </div>
  )
}

/** Refusals give no hints, because anybody can cause them. */
const refusalsMs = 4000

function Refusals({ name }: { readonly name: string }) {
  const query = useQuery({ ...trpc.webhooks.rejections.queryOptions({ hook: name, limit: 10 }), refetchInterval: refusalsMs })
  return (
    <section className={styles.stack}>
      <h3>{texts.refused}</h3>
      <Loaded query={query} rows={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p className={styles.muted}>{texts.noneRefused}</p>
          ) : (
            <RowList>
              {items.map(({ reason, minute, last_at: at, count, address }) => {
                const [what, remedy] = refusalOf(reason)
                return (
                  <RowItem
                    key={`${minute} ${reason}`}
                    main={
                      <>
                        <strong>{what}</strong> {remedy}{' '}
                        <span className={styles.muted}>
                          {`From ${visible(address)}${texts.times(count)} · `}
                          <code>{reason}</code>
                        </span>
                      </>
                    }
                  >
                    <Time at={at} />
                  </RowItem>
                )
              })}
            </RowList>
          )
        }
      </Loaded>
    </section>
  )
}
