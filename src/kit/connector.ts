import type { z } from 'zod'
import type { AuthMethod } from './auth.ts'
import type { CredentialValues } from './credential-values.ts'
import type { ActionContext } from './context.ts'
import { headerName } from '#lib/header-name'
import type { ResponseRules } from '#http'
import type { Labels, Place } from './labels.ts'
import { sourceOf, type SourceDeclaration, type SourceSpec } from './source.ts'
import type { Targets } from './targets.ts'
import type { WebhookDeclaration } from './webhook/types.ts'

/** How an action affects the outside system: it only reads, it changes something, or it deletes something permanently. */
export type Effect = 'read' | 'write' | 'destroy'

/** The result of looking up in the outside system whether a write without an answer was made. */
export type VerifyResult<Output> = { readonly happened: true; readonly output: Output } | { readonly happened: false } | 'unknown'

/** A call that somebody wants to undo, as the journal has it. */
export interface UndoneCall<Input = unknown, Output = unknown, Config = Record<string, unknown>> {
  readonly input: Input
  /** It may be another one than documented, or an older one: what it lacks makes the undo fail, and nothing else. */
  readonly output: Output
  /** What `current` gave before the call; undefined without `needsBefore`. */
  readonly before: unknown
  readonly config: Config
}

/** The call of an action of the same connector that undoes a call. */
export interface UndoPlan {
  /** Its name, without the connector's. */
  readonly action: string
  readonly input: Readonly<Record<string, unknown>>
  /**
   * Fields that `current` of that action has to give as the call left them. If one differs, somebody has changed it since, and the call is undone
   * only by force. The order of lists does not matter.
   */
  readonly left?: Readonly<Record<string, unknown>>
}

/** How calls of an action are undone. */
export interface Undo<Input = unknown, Output = unknown, Config = Record<string, unknown>> {
  /** `current` is read before each call and stored for `plan`: one request more for each call. */
  readonly needsBefore?: boolean
  /** Asks nobody: everything that it needs is in the call. `impossible` says why, as the end of a sentence. */
  plan(call: UndoneCall<Input, Output, Config>): UndoPlan | { readonly impossible: string }
}

export interface Action<Input = unknown, Output = unknown> {
  readonly title: string
  /** An agent chooses among hundreds of tools by this text. It says what the action does, when to use it, and what it returns. */
  readonly description: string
  /** What people say when they want this: words and short phrases, separated by commas, such as `shut the ticket, resolve`. They only help to find the tool. */
  readonly words: string
  readonly effect: Effect
  readonly input: z.ZodType<Input>
  /** The JSON Schema to show, if `input` was itself generated from a JSON Schema. The default is generated from `input`. */
  readonly inputSchema?: Readonly<Record<string, unknown>>
  readonly output: z.ZodType<Output>
  /** A second call with the same input has no further effect, so the call may be repeated after an unknown outcome. */
  readonly idempotent: boolean
  /**
   * The header in which the outside system takes an idempotency key. Every write of the action is sent with it, so a write without an answer is
   * repeated, and so is the call.
   */
  readonly idempotencyHeader?: string | undefined
  /** Usually takes longer than a few seconds. Clients that know tasks get one instead of waiting. */
  readonly long?: boolean | undefined
  /** Gives names that a person who types can choose from. */
  readonly lookup?: Lookup | undefined
  /** Other names of the tool. They must be unique among all tools. */
  readonly aliases: readonly string[]
  /** A valid input. It is shown in the documentation, and the conformance test calls the action with it. */
  readonly example: Input
  run(context: ActionContext<Input>): Promise<Output>
  readonly verify?: (context: ActionContext<Input>) => Promise<VerifyResult<Output>>
  /**
   * Reads what the action would change, to show it to whoever decides on a call: the fields that matter, not the whole answer. It has three
   * seconds.
   */
  readonly current?: (context: ActionContext<Input>) => Promise<unknown>
  /** How a call is undone, or why that is impossible. Without it, nothing is known about that. */
  readonly undo?: Undo<Input, Output>
  /** What is known of a result beyond the labels of the connector. */
  readonly labels?: (input: Input, output: Output) => Partial<Labels>
  /** Who can read what the action writes; as the connector says when left out. */
  readonly sendsTo?: Place | ((input: Input) => Place)
}

/** An action that lists what may be meant, such as the repositories that somebody can reach. */
export interface Lookup<Input = unknown, Output = unknown> {
  /** The names under which arguments take these values: `repo`, `repository`. */
  readonly arguments: readonly string[]
  /** The input of the action for what was typed so far. */
  readonly input: (typed: string) => Input
  readonly values: (output: Output) => readonly string[]
}

export interface ActionSpec<In extends z.ZodType, Out extends z.ZodType, Config = Record<string, unknown>> {
  readonly title: string
  readonly description: string
  /** What people say when they want this: words and short phrases, separated by commas, such as `shut the ticket, resolve`. They only help to find the tool. */
  readonly words?: string
  readonly effect: Effect
  readonly input: In
  readonly inputSchema?: Readonly<Record<string, unknown>>
  readonly output: Out
  readonly idempotent?: boolean
  readonly idempotencyHeader?: string
  readonly long?: boolean
  readonly lookup?: Lookup<z.input<In>, z.output<Out>>
  readonly aliases?: readonly string[]
  readonly example: z.input<In>
  readonly run: (context: ActionContext<z.output<In>, Config>) => Promise<z.input<Out>>
  readonly verify?: (context: ActionContext<z.output<In>, Config>) => Promise<VerifyResult<z.input<Out>>>
  readonly current?: (context: ActionContext<z.output<In>, Config>) => Promise<unknown>
  readonly undo?: Undo<z.output<In>, z.output<Out>, Config>
  readonly labels?: (input: z.output<In>, output: z.output<Out>) => Partial<Labels>
  readonly sendsTo?: Place | ((input: z.output<In>) => Place)
}

/** Defines an action of the hub itself, which has no config. Actions of connectors are defined with `action` of their declaration. */
export function defineAction<In extends z.ZodType, Out extends z.ZodType>(spec: ActionSpec<In, Out>): Action {
  return actionOf(spec)
}

// The cast is safe because the tool pipeline calls `run` only with an input and a config that passed the schemas of this spec.
function actionOf<In extends z.ZodType, Out extends z.ZodType, Config>(spec: ActionSpec<In, Out, Config>): Action {
  const { idempotent = spec.effect === 'read', aliases = [], words = '', ...rest } = spec
  return { ...rest, idempotent, aliases, words } as unknown as Action
}

/** An environment variable that a connector reads. It is listed by `hub config`, in docs/operate.md and in .env.example. */
export interface EnvironmentVariable {
  readonly description: string
  readonly secret?: boolean
  /** The value names a host, alone or in a URL. That host may be private, because the operator chose it and not a user. */
  readonly names?: 'host' | 'url'
}

/** A path of the older REST API that also calls an action. */
export interface LegacyPath {
  readonly method: 'GET' | 'POST'
  /** `:integration` is the id, name or number of the integration; other parameters are fields of the action’s input. */
  readonly path: string
  readonly summary: string
  /** The action's name, without the connector's. */
  readonly action: string
  /** Another action, which is called instead if the query has this parameter. */
  readonly ifQuery?: { readonly parameter: string; readonly action: string }
  /** Other names of fields in the query: `{ q: 'query' }`. */
  readonly queryAliases?: Readonly<Record<string, string>>
}

/**
 * What environment variables say of an integration; undefined is the value of a variable that is not set. With a credential and all settings
 * that are needed, the hub creates the integration at start. Otherwise the settings complete those of an integration that a stored credential
 * makes.
 */
export interface EnvironmentIntegration {
  readonly config?: Readonly<Record<string, unknown>>
  readonly credential?: Readonly<Record<string, CredentialValues[string] | undefined>> | undefined
}

export type EnvironmentVariables = Readonly<Record<string, string | undefined>>

/**
 * How the names and numbers of an outside system look in a request, such as `#ops` or `PR 88`. A match moves the actions of the connector up
 * that have one of `fields`, and the matched text counts as `words` instead of its own words.
 */
export interface IdHint {
  /** Without nested or adjacent unbounded repetitions, because it runs on texts from anybody. It is matched without regard to case. */
  readonly pattern: RegExp
  /** The fields of the actions' inputs that take such a value. */
  readonly fields: readonly string[]
  readonly words: string
}

/** The declaration of a connector. `Config` is the schema of an integration's config. */
export interface ConnectorSpec<Config extends z.ZodObject = z.ZodObject> {
  /** In lower case. It is the prefix of every tool name: `github` gives `github_get_repository`. */
  readonly name: string
  readonly title: string
  readonly description: string
  readonly aliases?: readonly string[]
  readonly config: Config
  readonly auth: readonly AuthMethod[]
  /** The address that `http` prepends to every path. */
  readonly baseUrl?: (config: z.output<Config>) => string
  readonly headers?: Readonly<Record<string, string>>
  /** The fields of the actions that mean recipients, a project, a repository or a channel, for the rules of workspaces. */
  readonly targets?: Targets
  /** The names and numbers that people write when they mean this system. */
  readonly ids?: readonly IdHint[]
  /** Labels of every result, unless its action says otherwise; untrusted and private when left out. */
  readonly labels?: Partial<Labels>
  /** Who can read what its actions write; public when left out, because the hub cannot know better. */
  readonly sendsTo?: Place
  /** How this system reports errors and limits where it differs from plain HTTP. */
  readonly responseRules?: ResponseRules
  /** A cheap call that proves that the credential works. Returns the account that the credential belongs to. */
  readonly test?: (context: ActionContext<undefined, z.output<Config>>) => Promise<{ account: string }>
  /** If a credential with one of these names exists, an integration is created for it. */
  readonly wellKnownCredentials?: readonly string[]
  /** Acts on the hub itself and needs no integration. */
  readonly builtIn?: boolean
  /** Every variable that `fromEnvironment` or `webhook.secretVariable` reads. The hub passes only these. */
  readonly environment?: Readonly<Record<string, EnvironmentVariable>>
  readonly fromEnvironment?: (env: EnvironmentVariables) => EnvironmentIntegration | undefined
  readonly legacyPaths?: readonly LegacyPath[]
  readonly webhook?: WebhookDeclaration
  readonly events?: Readonly<Record<string, string>>
  /** The topics of a message bus that an integration receives. Their messages become events `<connector>.<event>` of that integration. */
  readonly topics?: (config: z.output<Config>) => readonly TopicDeclaration[]
  /** How to get a credential, in one or two sentences. Shown where a credential is missing. */
  readonly connect: string
}

export interface TopicDeclaration {
  readonly topic: string
  /** One of `events`. */
  readonly event: string
}
export interface Connector extends Omit<ConnectorSpec, 'baseUrl' | 'test' | 'topics'> {
  readonly aliases: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly wellKnownCredentials: readonly string[]
  readonly actions: Readonly<Record<string, Action>>
  /** What can be kept in sync, by kind. */
  readonly sources: Readonly<Record<string, SourceDeclaration>>
  readonly baseUrl?: (config: Record<string, unknown>) => string
  readonly topics?: (config: Record<string, unknown>) => readonly TopicDeclaration[]
  readonly test?: (context: ActionContext<undefined>) => Promise<{ account: string }>
}

/** A connector without its actions. Files of actions import it, so that `config` is typed in every action. */
export interface ConnectorDeclaration<Config extends z.ZodObject> {
  /** Defines an action. Every transport offers it: REST, command line, flows, console and documentation. */
  action<In extends z.ZodType, Out extends z.ZodType>(spec: ActionSpec<In, Out, z.output<Config>>): Action
  /**
   * Returns the connector. The keys are the names of the actions: `get_item` of `shop` becomes the tool `shop_get_item`. Those of sources are
   * their kinds.
   */
  withActions(actions: Readonly<Record<string, Action>>, sources?: Readonly<Record<string, SourceDeclaration>>): Connector
  /** Defines content that can be kept in sync. */
  source<Options extends z.ZodObject>(spec: SourceSpec<Options, z.output<Config>>): SourceDeclaration
}

export function defineConnector<Config extends z.ZodObject>(spec: ConnectorSpec<Config>): ConnectorDeclaration<Config> {
  return {
    action: actionOf,
    source: sourceOf,
    // The cast is safe as in `actionOf`: the hub passes only a config that passed `spec.config`.
    withActions(actions, sources = {}) {
      const { aliases = [], headers = {}, wellKnownCredentials = [] } = spec
      for (const [name, action] of Object.entries(actions)) {
        assertRepetition(`${spec.name}_${name}`, action)
        assertUndo(`${spec.name}_${name}`, action)
      }
      return {
        ...(spec as unknown as Connector),
        config: withoutLogins(spec.config),
        aliases,
        headers,
        wellKnownCredentials,
        actions,
        sources,
      }
    },
  }
}

/** Refuses addresses with a password in them, because everybody who may read integrations sees their config. */
function withoutLogins<Config extends z.ZodObject>(config: Config): Config {
  return config.superRefine((values, context) => {
    for (const [name, value] of Object.entries(values)) {
      if (typeof value !== 'string' || !/^https?:/i.test(value) || !URL.canParse(value)) continue
      const { username, password } = new URL(value)
      if (username === '' && password === '') continue
      const message = 'must not hold a user name or a password: give them as the credential'
      // Without the input, which holds the password.
      context.addIssue({ code: 'custom', path: [name], input: undefined, message })
    }
  })
}

/** A connector from outside may be JavaScript, where no type stops an action that says it may be repeated and not why. */
function assertRepetition(name: string, action: Action): void {
  const { idempotencyHeader: header, effect } = action
  if ('repeatable' in action)
    throw new Error(`${name}: an action has no "repeatable"; declare "idempotent", or the "idempotencyHeader" of the outside system`)
  if (header === undefined) return
  if (effect === 'read') throw new Error(`${name}: a read needs no idempotencyHeader`)
  if (typeof header !== 'string' || !headerName.test(header)) throw new Error(`${name}: idempotencyHeader must be the name of a header`)
}

function assertUndo(name: string, { effect, undo, current }: Action): void {
  if (undo === undefined) return
  if (effect === 'read') throw new Error(`${name}: a read changes nothing, so it has no undo`)
  if (undo.needsBefore === true && current === undefined) throw new Error(`${name}: undo needs "current" to read the state before a call`)
}
