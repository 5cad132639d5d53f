import { parentPort } from 'node:worker_threads'
import type { FromWorker, ToWorker } from './messages.ts'
import { checkSyntax, startSandbox, type Sandbox } from './sandbox.ts'
import { compileWasm } from './wasm.ts'

const port = parentPort!
const compiled = compileWasm(import.meta.resolve('@jitl/quickjs-wasmfile-release-sync/wasm'))
let sandbox: Promise<Sandbox> | undefined

function send(message: FromWorker): void {
  port.postMessage(message)
}

port.on('message', (message: ToWorker) => {
  void handle(message)
})
send({ kind: 'ready' })

async function handle(message: ToWorker): Promise<void> {
  const wasmModule = await compiled
  switch (message.kind) {
    case 'run':
      sandbox = startSandbox(wasmModule, message, {
        call: (index, tool, args) => send({ kind: 'call', index, tool, args }),
        end: (end) => send({ kind: 'end', ...end }),
      })
      return
    case 'check':
      return send({ kind: 'end', ...(await checkSyntax(wasmModule, message)) })
    case 'settle':
      return (await sandbox)?.settle(message.index, message.ok, message.json)
  }
}
