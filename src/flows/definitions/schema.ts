import { z } from 'zod'
import { topicName } from '#lib/bus-names'
import { parseDuration } from '#lib/duration'

/**
 * The format, defined once for the checks and for the JSON Schema that editors use. Steps contain steps, so the function takes the schema of an
 * inner step: anything when steps are checked one by one, the step schema itself for the JSON Schema. The types of a flow are derived from it.
 */
export function formatOf<Inner extends z.ZodType>(step: Inner) {
  const steps = z.array(step).min(1)
  const block = z.strictObject({ steps: steps.describe('What to do, in this order.') })

  const common = {
    id: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'an id is made of letters, digits and _, begins with no digit, and has 64 characters at most')
      .describe('Its name, unique in the whole flow. Later steps read `steps.<id>.output`.'),
    name: text(200).optional().describe('What people are shown instead of the id.'),
    if: z.union([z.string(), z.boolean()]).optional().describe('Runs only if this expression is true; otherwise the step is skipped.'),
    retry: z
      .strictObject({
        attempts: z.int().min(1).max(100).describe('How often it is tried in all.'),
        backoff: duration('How long to wait before the second attempt; it doubles from there. Default: 1s.').optional(),
        max_backoff: duration('The longest wait between two attempts. Default: 10m.').optional(),
      })
      .optional()
      .describe('Tries again when it fails with something that may pass. Waits survive restarts.'),
    timeout: duration('How long the step may take, retries included.').optional(),
    on_error: z
      .enum(['fail', 'continue'])
      .optional()
      .describe('`fail` (the default) ends the flow; `continue` goes on, with `steps.<id>.error` set.'),
  }

  const call = {
    uses: z.string().min(1).describe('The tool to call, such as `github_create_issue_comment`.'),
    with: values.optional().describe('The input of the tool. Values may be templates.'),
    integration: text(200).optional().describe('Which integration to use, where several fit. May be a template.'),
    fields: z.array(z.string().min(1)).min(1).optional().describe('Which fields of the output to keep; the others are left out.'),
  }

  const kinds = {
    uses: z.strictObject({ ...common, ...call }).describe('Calls a tool.'),
    flow: z
      .strictObject({
        ...common,
        flow: z.string().min(1).describe('The id of the flow to run. The step waits for its end; its outputs are the output of the step.'),
        with: values.optional().describe('Its parameters. Values may be templates.'),
      })
      .describe('Runs another flow.'),
    then: z
      .strictObject({
        ...common,
        if: z.union([z.string(), z.boolean()]).describe('The expression that decides.'),
        then: steps.describe('What to do if it is true.'),
        else: steps.optional().describe('What to do otherwise.'),
      })
      .describe('Does one thing or the other. Its output is that of the last step it ran.'),
    switch: z
      .strictObject({
        ...common,
        switch: z.strictObject({
          on: z.unknown().describe('The value that decides; mostly a template.'),
          cases: z
            .array(
              z.strictObject({
                when: z.unknown().describe('Taken when the value equals this, or one of these if it is a list.'),
                steps: steps.describe('What to do then.'),
              }),
            )
            .min(1)
            .describe('The first that fits is taken.'),
          default: steps.optional().describe('What to do when none fits.'),
        }),
      })
      .describe('Chooses among several by a value. Its output is that of the last step it ran.'),
    for_each: z
      .strictObject({
        ...common,
        for_each: z.strictObject({
          in: z.union([z.string(), z.array(z.unknown())]).describe('The list, mostly a template.'),
          as: identifier.optional().describe('The name of the item in expressions. Default: `item`. Its number, from 0, is `index`.'),
          max_parallel: z.int().min(1).max(100).optional().describe('How many items at once. Default: 1, in order.'),
          on_error: z
            .enum(['fail', 'continue'])
            .optional()
            .describe('Whether an item that fails ends the others (`fail`, the default) or not.'),
          steps: steps.describe('What to do with each item.'),
        }),
      })
      .describe('Does the same for each item of a list. Its output is the list of what the last step gave for each.'),
    parallel: z
      .strictObject({
        ...common,
        parallel: z.strictObject({
          branches: z.record(identifier, steps).describe('Steps by the name of their branch. The branches run side by side.'),
        }),
      })
      .describe('Runs branches side by side and waits for all. Its output has that of each branch’s last step under the branch’s name.'),
    wait: z
      .strictObject({
        ...common,
        wait: z
          .union([z.string().min(1), z.strictObject({ until: z.string().min(1).describe('A time (ISO 8601), mostly a template.') })])
          .describe('How long (`3s`, `2h30m`, `90d`; may be a template), or `until` which time.'),
      })
      .describe('Waits, across restarts.'),
    wait_for: z
      .strictObject({
        ...common,
        wait_for: z.strictObject({
          event: eventType,
          filter: condition('Which of these events count, by `event` alone.').optional(),
          correlate: condition(
            'Whether an event belongs to this run, by `event` and all that the run has, such as `steps` and `parameters`.',
          ).optional(),
          timeout: duration('How long to wait for it. Then the step fails.'),
        }),
      })
      .describe('Waits for an event. Its output is the event.'),
    approve: z
      .strictObject({
        ...common,
        approve: z.strictObject({
          message: z.string().min(1).max(10_000).describe('What is asked. May hold templates.'),
          by: z
            .array(z.string().min(1))
            .min(1)
            .optional()
            .describe('Who may decide: names of actors, or scopes. Default: who may decide approvals.'),
          expires: duration('How long the question stands. Default: 7d. Then the step fails.').optional(),
          call: z.strictObject(call).optional().describe('The exact call that is approved, and made at once when it is.'),
        }),
      })
      .describe('Asks a person. Rejected, the step fails.'),
    transform: z
      .strictObject({ ...common, transform: z.unknown().describe('Any value with templates; it becomes the output.') })
      .describe('Computes a value.'),
    script: z
      .strictObject({
        ...common,
        script: z
          .string()
          .min(1)
          .max(100_000)
          .describe('JavaScript: the body of an async function of `input` and `tools`. `return` gives the output.'),
        with: z.unknown().optional().describe('What the script reads as `input`. Values may be templates.'),
        toolset: z
          .array(z.string().min(1).max(100))
          .min(1)
          .max(200)
          .optional()
          .describe('Only these tools, by their names or those of their connectors. Default: all that whoever saved the flow may call.'),
      })
      .describe('Runs a script that calls tools. A script that runs again does not repeat the calls that it made.'),
    emit: z
      .strictObject({
        ...common,
        emit: z.strictObject({
          type: z
            .string()
            .regex(/^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$/, 'an event type has at least two parts, such as `orders.paid`')
            .max(200)
            .describe('Its type, such as `orders.paid`.'),
          data: z.unknown().optional().describe('What it says. Values may be templates.'),
          subject: text(500).optional().describe('What it is about. May be a template.'),
          topic: topic.optional().describe('Also publishes it to this topic of the message buses of the workspace.'),
          key: text(200).optional().describe('Messages with the same key keep their order. Default: the subject. May be a template.'),
        }),
      })
      .describe('Emits an event into the hub, where subscriptions and other flows get it.'),
    try: z
      .strictObject({
        ...common,
        try: block.describe('What to try.'),
        catch: block.optional().describe('What to do when a step of it fails, with `error` (`code`, `message`, `step`) in expressions.'),
        finally: block.optional().describe('What to do in the end, however it went.'),
      })
      .describe('Tries, and deals with failure.'),
  }

  const triggers = {
    event: z
      .strictObject({
        event: eventType,
        filter: condition('Which of these events start the flow: an expression over `event` that is true for them.').optional(),
        parameters: values.optional().describe('The parameters to start with. Values may be templates over `event`.'),
      })
      .describe('Starts the flow when an event comes in.'),
    schedule: z
      .strictObject({
        schedule: z
          .string()
          .min(1)
          .max(200)
          .describe('Cron with five fields (minute, hour, day, month, weekday), or six with seconds first.'),
        timezone: z.string().min(1).max(100).optional().describe('The time zone it is meant in, such as `Europe/Kyiv`. Default: UTC.'),
        missed: z.enum(['skip', 'once', 'all']).optional().describe('What to do about times that passed while no hub ran. Default: skip.'),
        parameters: values.optional().describe('The parameters to start with.'),
      })
      .describe('Starts the flow at set times.'),
    bus: z
      .strictObject({
        bus: topic.describe('The topic.'),
        filter: condition('Which of these messages start the flow: an expression over `event`.').optional(),
        parameters: values.optional().describe('The parameters to start with. Values may be templates over `event`.'),
      })
      .describe('Starts the flow when a message comes on a topic of the bus.'),
  }

  const flow = z.strictObject({
    id: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/,
        'an id is made of letters, digits, _ . and -, begins with a letter or digit, and has 100 characters at most',
      )
      .describe('Its name for good: who starts the flow calls it by this.'),
    name: text(200).optional().describe('What people are shown.'),
    description: text(10_000).optional().describe('What it does and when to use it, for people and agents.'),
    enabled: z.boolean().optional().describe('False: nothing starts it. Default: true.'),
    parameters: values
      .optional()
      .describe('A JSON Schema (2020-12) of an object: what the flow is started with. Read as `parameters.<name>`.'),
    on: z.array(z.unknown()).optional().describe('What starts the flow by itself. It can always be started by a call.'),
    tool: z
      .union([
        z.literal(true),
        z.strictObject({
          name: z
            .string()
            .regex(/^[a-z][a-z0-9_]{0,63}$/, 'a tool’s name is made of small letters, digits and _')
            .optional()
            .describe('Default: made from the id.'),
          description: text(10_000).optional().describe('Default: that of the flow.'),
          effect: z.enum(['read', 'write', 'destroy']).optional().describe('What it does outside. Default: write.'),
        }),
      ])
      .optional()
      .describe('The flow is a tool of its own, with its parameters for input: `true`, or what to call it.'),
    concurrency: z
      .strictObject({
        key: text(500)
          .optional()
          .describe('Runs with the same key count together. A template over `event` and `parameters`. Default: all runs.'),
        limit: z
          .int()
          .min(1)
          .max(1000)
          .optional()
          .describe('How many of them run at once. Default: 1 where there is a key, else no limit.'),
        on_conflict: z.enum(['queue', 'skip', 'cancel_running']).optional().describe('What a run beyond the limit does. Default: queue.'),
        rate: z
          .strictObject({ limit: z.int().min(1).max(1_000_000).describe('How many.'), per: duration('In which time.') })
          .optional()
          .describe('How many may start in a time; the others wait.'),
      })
      .optional()
      .describe('How many runs at once.'),
    timeout: duration('How long a run may take in all.').optional(),
    steps: steps.describe('What to do, in this order.'),
    on_error: block.optional().describe('What to do when the flow fails, with `error` (`code`, `message`, `step`) in expressions.'),
    outputs: values.optional().describe('What the run gives in the end, by name. Values may be templates.'),
  })

  return { flow, kinds, triggers }
}

const identifierPattern = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/
const identifier = z.string().regex(identifierPattern, 'a name is made of letters, digits and _, and begins with no digit')
const values = z.record(z.string(), z.unknown())
const text = (most: number) => z.string().min(1).max(most)
const topic = z.string().regex(topicName.pattern, topicName.rule)
const condition = (what: string) => z.string().min(1).describe(`${what} The \${{ }} around it may be left out.`)

const eventType = z
  .string()
  .regex(/^(\*|[a-z0-9_-]+(\.[a-z0-9_-]+)*(\.\*)?)$/i, 'an event type looks like `github.pull_request`, `github.*` or `*`')
  .max(200)
  .describe('A type of event such as `github.pull_request`, or a pattern such as `github.*`.')

function duration(what: string) {
  return z
    .string()
    .regex(/^(\d+(ms|[smhdw]))+$/, { error: 'a duration looks like `30s`, `1h30m` or `90d`', abort: true })
    .refine((value) => parseDuration(value) !== undefined, 'this is longer than a thousand years')
    .describe(what)
}

/** Accepts anything as an inner step, because steps are checked one by one. */
export const format = formatOf(z.unknown())

/** Each kind of step has one key that no other kind has. */
export const stepKinds = Object.keys(format.kinds) as (keyof typeof format.kinds)[]

/** The JSON Schema of the format. */
export function definitionSchema(): Record<string, unknown> {
  const step: z.ZodType = z
    .lazy(() => z.union(Object.values(nested.kinds)))
    .meta({ id: 'step', description: 'A step. Each kind has one key that no other kind has.' })
  const nested = formatOf(step)
  const schema = nested.flow.extend({
    on: z
      .array(z.union(Object.values(nested.triggers)))
      .optional()
      .describe(nested.flow.shape.on.description ?? ''),
  })
  return {
    title: 'Flow',
    description:
      'A flow of the IntegrationHub: what starts it, and the steps it takes. Texts may hold expressions (JSONata): `${{ event.data.number }}`.',
    ...z.toJSONSchema(schema, { io: 'input' }),
  }
}
