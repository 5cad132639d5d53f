export { createAmqpBus } from './amqp.ts'
