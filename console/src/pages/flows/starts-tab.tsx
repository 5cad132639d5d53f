import { CopyButton, Empty, Section, StateBadge, Time, visible } from '#ui'
import type { WholeFlow } from './flow-state.ts'
import styles from './flows.module.css'
import { ScrollBox } from './scroll-box.tsx'
import { texts } from './texts.ts'

/** What starts the flow, when its schedules do so next, and how to start it from outside. */
export function StartsTab({ flow }: { readonly flow: WholeFlow }) {
  return (
    <div className={styles.starts}>
      <Section title="Triggers">
        {flow.on.length === 0 ? (
          <Empty title={texts.onlyCall} />
        ) : (
          <ul className={styles.triggers}>
            {flow.on.map((trigger, index) => (
              <li key={JSON.stringify(trigger)}>
                <Trigger trigger={trigger} next={nextOf(flow, index)} isOn={flow.enabled} />
              </li>
            ))}
          </ul>
        )}
      </Section>
      <Section title="By a call">
        <dl className={styles.calls}>
          {waysOf(flow).map(([label, text]) => (
            <div key={label}>
              <dt>
                {label}
                <CopyButton text={text} label={`Copy ${label}`} />
              </dt>
              <dd>
                <ScrollBox label={label} className={styles.call}>
                  <pre>{visible(text)}</pre>
                </ScrollBox>
              </dd>
            </div>
          ))}
        </dl>
      </Section>
    </div>
  )
}

interface TriggerProps {
  readonly trigger: Readonly<Record<string, unknown>>
  /** Null when it never starts again. */
  readonly next: string | null | undefined
  readonly isOn: boolean
}

function Trigger({ trigger, next, isOn }: TriggerProps) {
  const { event, schedule, bus, filter, timezone, missed } = trigger
  const text = (value: unknown): string => visible(String(value))
  return (
    <>
      {event === undefined ? null : (
        <p>
          Event <code>{text(event)}</code>
        </p>
      )}
      {bus === undefined ? null : (
        <p>
          Messages of the topic <code>{text(bus)}</code>
        </p>
      )}
      {schedule === undefined ? null : (
        <>
          <p>
            Schedule <code>{text(schedule)}</code> {text(timezone ?? 'UTC')}
            {missed === undefined || missed === 'skip' ? '' : `, missed times: ${text(missed)}`}
          </p>
          <p className={styles.muted}>Next: {!isOn ? texts.isOff : typeof next === 'string' ? <Time at={next} /> : texts.neverAgain}</p>
        </>
      )}
      {filter === undefined ? null : (
        <p className={styles.muted}>
          if <code>{text(filter)}</code>
        </p>
      )}
      {isOn ? null : <StateBadge state="off" />}
    </>
  )
}

function nextOf({ next_starts: starts }: WholeFlow, place: number): string | null | undefined {
  return starts.find(({ trigger }) => trigger === place)?.at
}

function waysOf(flow: WholeFlow): readonly (readonly [label: string, text: string])[] {
  const parameters = exampleOf(flow)
  const words = Object.entries(parameters).map(([name, value]) =>
    quoted(`${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`),
  )
  const body = JSON.stringify({ parameters })
  return [
    [
      'curl',
      `curl -X POST ${location.origin}/api/v1/flows/${encodeURIComponent(flow.id)}/trigger \\\n  -H "Authorization: Bearer $HUB_TOKEN" -H "Content-Type: application/json" \\\n  -d ${quoted(body)}`,
    ],
    ['Command line', ['hub flow trigger', flow.id, ...words].join(' ')],
    ['Tool for agents', `hub_trigger_flow ${JSON.stringify({ flow_id: flow.id, parameters })}`],
    ...(flow.tool === null ? [] : ([['Tool of its own', `${flow.tool} ${JSON.stringify(parameters)}`]] as const)),
    ['Step of another flow', stepText(flow.id, parameters)],
  ]
}

function stepText(id: string, parameters: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(parameters).map(([name, value]) => `    ${name}: ${JSON.stringify(value)}`)
  return [`- id: ${id.replaceAll(/\W/g, '_')}`, `  flow: ${id}`, ...(lines.length === 0 ? [] : ['  with:', ...lines])].join('\n')
}

/** The parameters that are needed, with their defaults or with what they are. */
function exampleOf({ parameters }: WholeFlow): Record<string, unknown> {
  const { properties = {}, required = [] } = (parameters ?? {}) as {
    properties?: Record<string, { default?: unknown; type?: unknown; examples?: readonly unknown[] }>
    required?: readonly string[]
  }
  const samples: Readonly<Record<string, unknown>> = { integer: 1, number: 1, boolean: true, array: [], object: {} }
  return Object.fromEntries(
    required.map((name) => {
      const { default: usual, examples, type } = properties[name] ?? {}
      return [name, usual ?? examples?.[0] ?? samples[String(type)] ?? '…']
    }),
  )
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
