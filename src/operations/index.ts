import { decideApproval, getApproval, listApprovals, getApprovalSettings, setApprovalSettings } from './approvals.ts'
import { listBuses, listBusMessages, pingBus, publishToBus, removeBus, tailBus } from './buses.ts'
import { cancelBulk, getBulk, listBulk, startBulk } from './bulk.ts'
import { getConnector, listConnectors } from './connectors.ts'
import {
  cancelConnection,
  chooseConnection,
  completeProviderAuth,
  connectDevice,
  connectIntegration,
  getConnection,
  initProviderAuth,
} from './connections.ts'
import { createCredential, deleteCredential, listCredentials, setCredential } from './credentials.ts'
import { getDemo, sendDemoWebhook, startDemo, stopDemo } from './demo.ts'
import { countDeliveries, getDelivery, listDeliveries, retryDeliveries, retryDelivery } from './deliveries.ts'
import {
  createEndpoint,
  deleteEndpoint,
  getEndpoint,
  listEndpoints,
  replayToEndpoint,
  rotateEndpointSecret,
  testEndpoint,
  updateEndpoint,
} from './endpoints.ts'
import { eventsSince, getEvent, getRetention, listEvents, replayEvent, replayEvents, setRetention } from './events.ts'
import {
  adoptFlow,
  checkFlow,
  dryRunFlow,
  deleteFlow,
  getFlow,
  listFlows,
  listFlowVersions,
  replaceFlow,
  saveFlow,
  triggerFlow,
  updateFlow,
} from './flows.ts'
import { listGrants, revokeGrant } from './grants.ts'
import { integrationSetup } from './integration-setup.ts'
import {
  configureIntegration,
  createIntegration,
  deleteIntegration,
  getIntegration,
  integrationHealth,
  listIntegrations,
  testIntegration,
  updateIntegration,
} from './integrations.ts'
import { cancelInvocation, getInvocation, listInvocations, readResult, undoInvocation } from './invocations.ts'
import { watchHints } from './hints.ts'
import { listKeys, rotateKeys, verifyAudit } from './keys.ts'
import { createInvitation, listInvitations, revokeInvitation } from './invitations.ts'
import { listMembers, me, removeMember, updateMember } from './people.ts'
import { cancelRun, getRun, getRunDefinition, listRuns, replayRun, retryRun, watchRun } from './runs.ts'
import { runScriptOperation, toolTypes } from './scripts.ts'
import { getDocument, getOutline, giveFeedback, listChunks, listDocuments, search } from './search.ts'
import { endSession, endSessions, listSessions } from './sign-in-sessions.ts'
import {
  cancelSync,
  createSource,
  deleteSource,
  getMonitoring,
  getSource,
  listFailures,
  listSourcesOperation,
  listSyncsOperation,
  pauseSource,
  resumeSource,
  retryFailures,
  setMonitoring,
  syncAllIntegrations,
  syncIntegration,
  syncSource,
} from './sources.ts'
import { addIdentity, listIdentities, removeIdentity } from './identities.ts'
import { getStats } from './stats.ts'
import { listActors } from './actors.ts'
import { getTrace } from './traces.ts'
import { createToken, listTokens, revokeToken } from './tokens.ts'
import { callTool, getPolicies, getTool, listTools, setPolicies, toolRegistry } from './tools.ts'
import { setupWebhook } from './webhook-setup.ts'
import { listRejections, previewWebhook, sendSample, webhookLog } from './webhooks.ts'
import { createWorkspace, listAudit, listWorkspaces } from './workspaces.ts'

export type { Addresses } from './addresses.ts'
export { createBulkActions } from './bulk-actions.ts'
export type { Client } from './client.ts'
export { createClient } from './client.ts'
export { createExecute, type Execute } from './execute.ts'
export type { BaseModules, Modules } from './modules.ts'
export type { Caller, HttpRoute, Operation, OperationTool, StreamEvent } from './operation.ts'
export { runScript, type ScriptCallSummary, type ScriptOutcome, type ScriptRequest } from './run-script.ts'
export { renderScript } from './scripts.ts'
export { jsonSchemaOf } from './shared.ts'
export { toolSchema } from './tools.ts'
export { createHubToolRunner, hubTools } from './hub-tools.ts'

/** Everything that the hub offers. A new operation is a value in a file of this folder, and a name here. */
export const operations = {
  listTokens,
  createToken,
  revokeToken,
  me,
  listMembers,
  updateMember,
  removeMember,
  listInvitations,
  createInvitation,
  revokeInvitation,
  listSessions,
  endSession,
  endSessions,
  listGrants,
  revokeGrant,
  listWorkspaces,
  createWorkspace,
  listAudit,
  listCredentials,
  createCredential,
  setCredential,
  deleteCredential,
  listConnectors,
  getConnector,
  listIntegrations,
  createIntegration,
  getIntegration,
  updateIntegration,
  configureIntegration,
  deleteIntegration,
  testIntegration,
  integrationHealth,
  integrationSetup,
  setupWebhook,
  connectIntegration,
  connectDevice,
  getConnection,
  chooseConnection,
  cancelConnection,
  initProviderAuth,
  completeProviderAuth,
  syncIntegration,
  syncAllIntegrations,
  createSource,
  listSources: listSourcesOperation,
  getSource,
  listSyncs: listSyncsOperation,
  listFailures,
  syncSource,
  pauseSource,
  resumeSource,
  cancelSync,
  retryFailures,
  deleteSource,
  getMonitoring,
  setMonitoring,
  listIdentities,
  addIdentity,
  removeIdentity,
  search,
  listDocuments,
  getDocument,
  getOutline,
  listChunks,
  giveFeedback,
  listTools,
  getTool,
  callTool,
  toolRegistry,
  toolTypes,
  runScript: runScriptOperation,
  listInvocations,
  getInvocation,
  readResult,
  cancelInvocation,
  undoInvocation,
  getPolicies,
  setPolicies,
  listApprovals,
  getApproval,
  decideApproval,
  getApprovalSettings,
  setApprovalSettings,
  listEvents,
  eventsSince,
  getEvent,
  replayEvent,
  replayEvents,
  getRetention,
  setRetention,
  listEndpoints,
  createEndpoint,
  getEndpoint,
  updateEndpoint,
  deleteEndpoint,
  rotateEndpointSecret,
  testEndpoint,
  replayToEndpoint,
  listDeliveries,
  getDelivery,
  retryDelivery,
  countDeliveries,
  retryDeliveries,
  saveFlow,
  replaceFlow,
  checkFlow,
  listFlows,
  getFlow,
  listFlowVersions,
  updateFlow,
  adoptFlow,
  deleteFlow,
  triggerFlow,
  dryRunFlow,
  listRuns,
  getRun,
  getRunDefinition,
  cancelRun,
  retryRun,
  replayRun,
  watchRun,
  watchHints,
  getStats,
  getTrace,
  listActors,
  getDemo,
  startDemo,
  stopDemo,
  sendDemoWebhook,
  listBuses,
  listBusMessages,
  pingBus,
  publishToBus,
  tailBus,
  removeBus,
  startBulk,
  listBulk,
  getBulk,
  cancelBulk,
  listRejections,
  webhookLog,
  previewWebhook,
  sendSample,
  listKeys,
  rotateKeys,
  verifyAudit,
}
