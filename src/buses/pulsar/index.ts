export { createPulsarBus } from './pulsar.ts'
