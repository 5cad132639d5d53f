import { z } from 'zod'
import { hubError, path, sleep, type ActionContext, type Http } from '#kit'
import { managerq } from '../declaration.ts'

/**
 * managerQ's API has no public documentation. This connector assumes that a task is created with POST and read with GET until it has ended,
 * and it accepts the usual field names for the state and the result.
 */
interface Task {
  id?: string
  task_id?: string
  status?: string
  state?: string
  result?: unknown
  output?: unknown
  error?: unknown
}

const task = z.object({
  task_id: z.string(),
  status: z.enum(['running', 'completed', 'failed']),
  text: z.string().nullable(),
  error: z.string().nullable(),
})

const prompt = z.string().min(1).max(2_000_000).describe('What the agent should do.')
const agent = z.string().max(200).optional().describe('Which agent; managerQ chooses when left out.')

const submitTask = managerq.action({
  title: 'Give an agent a task',
  description:
    'Sends a prompt to an agent of managerQ and does not wait for the answer. Use it for long work, and get the result with managerq_get_task. Returns the task’s id and state.',
  words:
    'give the agent a task, hand over work to an agent, delegate to an agent, long job, run in the background, background task, assign agent work, queue a task for the agent, start an agent, do not wait, offload, let the coding agent fix it overnight, give a job to the agent, send the agent off, have an agent work on it, agent should do it, agent task, dispatch an agent, put an agent on it, fire and forget',
  effect: 'write',
  example: { prompt: 'Sum up yesterday’s incidents.' },
  input: z.strictObject({ prompt, agent }),
  output: task,
  run: submit,
})

const getTask = managerq.action({
  title: 'Get a task of an agent',
  description:
    'Gets the state of a task that was submitted before. Use it to poll for the result of managerq_submit_task. Returns its state and, once it has ended, the agent’s text or the error.',
  words:
    "task status, is the agent done, is the task finished, agent result, result of the background job, poll the task, agent progress, how far is the agent, answer of the agent, any word from the agent, did the agent finish, what did the agent find, is the agent still working, agent's answer, check on the agent, outcome of the agent's task",
  effect: 'read',
  example: { task_id: 't-1' },
  input: z.strictObject({ task_id: z.string().min(1).max(200).describe('Id of the task.') }),
  output: task,
  run: ({ input, http, config }) => fetchTask(http, config.tasks_path, input.task_id),
})

const askAgent = managerq.action({
  title: 'Ask an agent',
  description:
    'Sends a prompt to an agent of managerQ and waits for its answer. Use it in flows where the next step needs the answer; for work of many minutes submit a task instead. Returns the agent’s text, and the parsed JSON if it was requested.',
  words:
    "ask the agent, ask an agent and wait, let an agent answer, agent question, agent research, consult the agent, have an agent look into it, managerq agent, talk to the assistant, coding agent, support agent, let the agent decide, get an agent's opinion, research agent, wait for the agent, have the agent check",
  effect: 'write',
  example: { prompt: 'Review this change.', timeout_seconds: 1 },
  input: z.strictObject({
    prompt,
    agent,
    timeout_seconds: z
      .number()
      .min(0.1)
      .max(100)
      .default(90)
      .describe('How long to wait; after that the task continues, and managerq_get_task can get it.'),
    poll_seconds: z.number().min(0.05).max(10).default(1).describe('Seconds between two checks of the state.'),
    json: z.boolean().default(false).describe('Parse the answer as JSON. The prompt must ask for JSON.'),
  }),
  output: task.extend({ text: z.string(), json: z.unknown() }),
  async run(context) {
    const { input, http, config, signal } = context
    let now = await submit(context)
    const until = Date.now() + input.timeout_seconds * 1000
    while (now.status === 'running') {
      if (Date.now() >= until) {
        throw hubError('vendor_timeout', {
          detail: `the agent has not finished task ${now.task_id}`,
          hint: `call managerq_get_task with task_id ${now.task_id} later`,
        })
      }
      await sleep(input.poll_seconds * 1000, signal)
      now = await fetchTask(http, config.tasks_path, now.task_id)
    }
    if (now.status === 'failed') throw hubError('vendor_rejected', { detail: `the agent failed: ${now.error ?? 'no reason given'}` })
    const text = now.text ?? ''
    return { ...now, text, json: input.json ? parseAnswer(text) : null }
  },
})

export const taskActions = { ask_agent: askAgent, submit_task: submitTask, get_task: getTask }

type Submission = Pick<
  ActionContext<{ prompt: string; agent?: string | undefined }, { tasks_path: string }>,
  'http' | 'config' | 'input' | 'idempotencyKey'
>

async function submit({ http, config, input: { prompt, agent }, idempotencyKey: key }: Submission) {
  const headers = { 'idempotency-key': key }
  return taskOf(await http.post<Task>(config.tasks_path, { prompt, ...(agent ? { agent } : {}) }, { headers }))
}

async function fetchTask(http: Http, place: string, id: string) {
  return taskOf(await http.get<Task>(`${place}${path`/${id}`}`))
}

function taskOf(raw: Task | undefined): z.output<typeof task> {
  const id = raw?.id ?? raw?.task_id
  if (id === undefined) throw hubError('vendor_invalid_response', { detail: 'managerQ answered with a task that has no id' })
  const state = (raw?.status ?? raw?.state ?? 'running').toLowerCase()
  const failed = /fail|error|cancel|reject/.test(state)
  const status = failed ? 'failed' : /complete|success|done|finish/.test(state) ? 'completed' : 'running'
  const result = raw?.result ?? raw?.output
  return { task_id: id, status, text: textOf(result), error: failed ? (textOf(raw?.error) ?? state) : null }
}

function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return value
  const { text, content, message, answer } = value as Record<string, unknown>
  const found = [text, content, message, answer].find((item) => typeof item === 'string')
  return found ?? JSON.stringify(value)
}

/** Agents often put JSON into a code block with text before it. */
function parseAnswer(text: string): unknown {
  const fenced = /```(?:json)?\s*\n([^]*?)\n\s*```/.exec(text)?.[1]
  try {
    return JSON.parse(fenced ?? text) as unknown
  } catch {
    throw hubError('vendor_invalid_response', { detail: 'the agent did not answer with JSON although JSON was requested' })
  }
}
