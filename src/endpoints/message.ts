import { toCloudEvent, type HubEvent } from '#events'
import type { NewDelivery } from './delivery-store.ts'

/** The id by which receivers recognize a repeated delivery. It has no dot, because the signature is made over `id.timestamp.body`. */
export function webhookId({ eventId, replay }: { readonly eventId: string; readonly replay: number }): string {
  if (replay === 0) return eventId
  return replay > 0 ? `${eventId}_r${replay}` : `${eventId}_e${-replay}`
}

export interface DeliveryRequest {
  readonly id: string
  readonly endpointId: string
  readonly ordered: boolean
  readonly replay: number | undefined
}

export function deliveryOf(event: HubEvent, { id, endpointId, ordered, replay }: DeliveryRequest): NewDelivery {
  return {
    id,
    workspaceId: event.workspaceId,
    endpointId,
    eventId: event.id,
    eventType: event.type,
    event: JSON.stringify(toCloudEvent(event)),
    replay,
    orderKey: ordered ? event.subject : null,
  }
}
