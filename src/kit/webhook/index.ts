export { deliveryIds, refuseSameBody } from './delivery-id.ts'
export { readable } from './readable.ts'
export { largestBodies, sampleHeaders, schemes, type WebhookScheme } from './scheme.ts'
export { defineWebhookSetup } from './setup.ts'
export { sign, type SignedRequest } from './sign.ts'
export {
  type Delivery,
  type HookContext,
  type Identity,
  type Readable,
  type Receiver,
  type RejectReason,
  type WebhookDeclaration,
  type WebhookRecovery,
  type WebhookSample,
  type WebhookSetup,
  type WebhookSetupResult,
} from './types.ts'
export type { WebhookTarget } from './target.ts'
export { validateScheme } from './validate-scheme.ts'
export { verify, type Verification } from './verify.ts'
