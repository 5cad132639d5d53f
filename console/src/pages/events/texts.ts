export const texts = {
  title: 'Events',
  about: 'What came from outside and from the hub itself, newest first.',
  none: 'Nothing has come yet.',
  noneAbout: 'Connect a system and set up its webhook under Integrations, or send a sample there.',
  nothing: 'No event matches.',
  things: ['event', 'events'],
  replayMany: 'Each event is dispatched again: flows start again, and endpoints get it again.',
  replayed: 'The event is dispatched again.',
  noEffects: 'Nothing was set off: no flow and no endpoint listens to this type.',
  sameBody: 'An earlier event has the same body:',
  fromFlow: 'Emitted by the flow',
} as const
