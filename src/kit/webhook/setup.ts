import type { z } from 'zod'
import type { ActionContext } from '../context.ts'
import type { WebhookTarget } from './target.ts'
import type { WebhookSetup, WebhookSetupResult } from './types.ts'

interface SetupSpec<In extends z.ZodType> {
  readonly input: In
  readonly example: z.input<In>
  run(context: ActionContext<z.output<In>>, target: WebhookTarget): Promise<WebhookSetupResult>
}

/** Declares how a webhook is set up, with an input of its own type. */
export function defineWebhookSetup<In extends z.ZodType>(spec: SetupSpec<In>): WebhookSetup {
  // The cast is safe because the tool pipeline calls `run` only with an input that passed the schema.
  return spec as unknown as WebhookSetup
}
