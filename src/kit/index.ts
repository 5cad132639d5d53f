export { auth, fitCredential, secret, type AuthContext, type AuthMethod } from './auth.ts'
export type { CredentialValues } from './credential-values.ts'
export type {
  OAuthChoice,
  OAuthClient,
  OAuthContext,
  OAuthDeclaration,
  OAuthFinish,
  OAuthProvider,
  OAuthRequest,
  OAuthTokens,
} from './oauth.ts'
export {
  defineAction,
  defineConnector,
  type Action,
  type Connector,
  type ConnectorDeclaration,
  type ConnectorSpec,
  type Effect,
  type EnvironmentIntegration,
  type EnvironmentVariable,
  type EnvironmentVariables,
  type IdHint,
  type LegacyPath,
  type Undo,
  type UndoPlan,
  type UndoneCall,
  type VerifyResult,
} from './connector.ts'
export { type ActionContext } from './context.ts'
export {
  errorCatalogue,
  hubError,
  HubError,
  type ErrorCode,
  type ErrorDetails,
  type ErrorEntry,
  type ErrorKind,
  type FieldError,
} from '#errors'
export {
  createEgress,
  createEtagCache,
  createHttp,
  DryRun,
  nextLink,
  pagesByCursor,
  pagesByLink,
  pagesByNumber,
  pagesByOffset,
  path,
  unlimited,
  type Authorization,
  type CallScope,
  type Egress,
  type EtagCache,
  type Http,
  type HttpMeasure,
  type HttpReply,
  type HttpRequest,
  type HttpRuntime,
  type Log,
  type LimitNotice,
  type RateLimiter,
  type RequestOptions,
  type ResponseRules,
  type VendorErrorCode,
} from '#http'
export { sha256 } from '#lib/canonical'
export { htmlToMarkdown, type MarkdownPage } from '#lib/html-to-markdown'
export { sleep } from '#lib/clock'
export { headerName } from '#lib/header-name'
export { parts, type Part } from './parts.ts'
export { type Labels, type Place } from './labels.ts'
export {
  CursorLost,
  type ChangedFile,
  type FailedItem,
  type ListPage,
  type Member,
  type SourceDeclaration,
  type SourceDocument,
  type SourceEvent,
  type SourcePage,
} from './source.ts'
export { targetOf, textsOf, type Target, type TargetInput, type TargetName, type Targets } from './targets.ts'
export {
  defineWebhookSetup,
  deliveryIds,
  largestBodies,
  refuseSameBody,
  readable,
  sampleHeaders,
  schemes,
  sign,
  validateScheme,
  verify,
  type Delivery,
  type HookContext,
  type Identity,
  type Readable,
  type Receiver,
  type RejectReason,
  type SignedRequest,
  type Verification,
  type WebhookDeclaration,
  type WebhookRecovery,
  type WebhookSample,
  type WebhookSetup,
  type WebhookSetupResult,
  type WebhookTarget,
  type WebhookScheme,
} from './webhook/index.ts'
