export { answerProvider } from './answer-provider.ts'
export { appAt, fieldsOf, registerApp, type AppClient, type TestApp, type TokenAnswer } from './apps.ts'
export { agentWith, type Agent } from './agent.ts'
export { screenshots, testBrowser, virtualAuthenticator, type TestBrowser, type VirtualAuthenticator } from './browser.ts'
export { browserAt, firstPerson, idOf, invited, setupToken, testPassword, type Browser } from './person.ts'
export { checkPage } from './check-page.ts'
export { buildConsole, testConsole, type TestConsole } from './console.ts'
export { press, reach } from './keys.ts'
export { configFor, isWrite, preparation, sampleCredential } from './conformance.ts'
export { connectByLink, expireGrant, nothingGranted, storedGrant, type ConnectEnd, type StoredGrant } from './connecting.ts'
export { flowBench, type FlowBench, type TestFlow } from './flow.ts'
export { oddAnswers } from './odd-answers.ts'
export { openAccess, testClock, type TestAccess } from './access.ts'
export { freshDatabase, openTestDatabase, sharedDatabase, type TestDatabase } from './database.ts'
export {
  adminToken,
  runHub,
  serveProcess,
  sharedDatabaseUrl,
  sharedHub,
  testHub,
  type CallOptions,
  type HubProcess,
  type TestHub,
} from './hub.ts'
export { identityProvider, type Identity, type IdentityProvider } from './identity-provider.ts'
export { mcpClient, mcpListen, mcpRequest, textOf, type McpAnswer, type McpConnecting, type McpRequest } from './mcp.ts'
export { oauthHub, type OAuthHub } from './oauth.ts'
export { simpleBrowser, type SimpleBrowser } from './simple-browser.ts'
export { startReceiver, startSender, strangerTo, type Received, type Receiver, type Sender } from './outbound.ts'
export { seededRandom, type Random } from './random.ts'
export { serveOwnHub, servedHub, type ServedHub } from './served.ts'
export { testTelemetry } from './telemetry.ts'
export { toolBench, toolEnvironment, type ToolBench } from './tools.ts'
export { totp } from './totp.ts'
export { testOperation, testStream, trpcBench, trpcClient, trpcError, untypedTrpcClient, type TrpcBench } from './trpc.ts'
