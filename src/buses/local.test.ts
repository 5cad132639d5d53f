import { createLocalBus } from '#buses'
import { testBus } from '../../test/services/bus-conformance.ts'

testBus('the bus inside the process', async () => {
  const bus = createLocalBus()
  return { open: () => bus, [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose]() }
})
