import * as distribution from '@jitl/quickjs-wasmfile-release-sync'
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
} from 'quickjs-emscripten-core'
import { prelude } from './guest.ts'
import { outOf, type End, type Fault, type ToWorker } from './messages.ts'
import type { ScriptLimits } from './types.ts'
import type { CompiledWasm } from './wasm.ts'

type Run = Extract<ToWorker, { kind: 'run' }>

export interface Sandbox {
  settle(index: number, ok: boolean, json: string): void
}

export interface SandboxHost {
  call(index: number, tool: string, args: string): void
  end(end: End): void
}

const fileName = 'script.js'
/** QuickJS checks the depth of its own stack, which must end before that of the thread. */
const stackBytes = 256 * 1024

/** Each script has a WebAssembly instance of its own, so nothing of one script is there for the next. */
async function open(
  wasmModule: CompiledWasm,
  { memoryBytes }: ScriptLimits,
): Promise<{ runtime: QuickJSRuntime; context: QuickJSContext }> {
  const quickjs = await newQuickJSWASMModuleFromVariant(newVariant(variantOf(distribution), { wasmModule }))
  const runtime = quickjs.newRuntime()
  runtime.setMemoryLimit(memoryBytes)
  runtime.setMaxStackSize(stackBytes)
  return { runtime, context: runtime.newContext() }
}

type QuickJSSyncVariant = Extract<Parameters<typeof newVariant>[0], { readonly type: 'sync' }>

/** Its types describe the CommonJS form of the package, and Node loads the other. */
function variantOf({ default: found }: { readonly default: unknown }): QuickJSSyncVariant {
  if (isVariant(found)) return found
  throw new TypeError('the package of the sandbox has another form than expected')
}

function isVariant(value: unknown): value is QuickJSSyncVariant {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'sync'
}

/** On the script's first line, so that the numbers of its lines are right. */
function wrapped(code: string): string {
  return `(async (input, tools, console) => {${code}\n})`
}

/** Compiles a script without running it. */
export async function checkSyntax(wasmModule: CompiledWasm, { code, limits }: { code: string; limits: ScriptLimits }): Promise<End> {
  const { context } = await open(wasmModule, limits)
  const result = context.evalCode(wrapped(code), fileName, { type: 'global', compileOnly: true })
  return { logs: [], ...(result.error ? { fault: faultOf(context.dump(result.error), limits) } : {}) }
}

export async function startSandbox(wasmModule: CompiledWasm, run: Run, host: SandboxHost): Promise<Sandbox> {
  const { limits } = run
  const { runtime, context } = await open(wasmModule, limits)
  const logs: string[] = []
  let logBytes = 0
  let calls = 0
  let unsettled = 0
  let cpuMs = 0
  let fault: Fault | undefined
  let end: End | undefined
  let sent = false
  let sliceBegan = 0

  const stop = (found: Fault): void => {
    fault ??= found
  }
  const finish = (result: End): void => {
    if (sent) return
    sent = true
    host.end(result)
  }
  const cpuNow = (): number => {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1000
  }
  runtime.setInterruptHandler(() => {
    if (cpuMs + cpuNow() - sliceBegan > limits.cpuMs) stop(outOf('CPU time', `${limits.cpuMs} ms`))
    return fault !== undefined
  })

  /** A text of the script, unless it is longer than allowed: then it does not leave the sandbox. */
  const textOf = (handle: QuickJSHandle, max: number): string | undefined => {
    using length = context.getProp(handle, 'length')
    return context.getNumber(length) > max ? undefined : context.getString(handle)
  }

  const onCall = (index: QuickJSHandle, name: QuickJSHandle, args: QuickJSHandle): void => {
    if (fault) return
    if (++calls > limits.calls) return stop(outOf('calls', `${limits.calls} tool calls`))
    const json = textOf(args, limits.outputBytes)
    if (json === undefined) return stop(outOf('arguments', `${limits.outputBytes} characters for each call`))
    unsettled++
    host.call(context.getNumber(index), context.getString(name), json)
  }
  const onLog = (line: QuickJSHandle): void => {
    if (fault) return
    const text = textOf(line, limits.logBytes - logBytes)
    if (text === undefined) return stop(outOf('logs', `${limits.logBytes} characters`))
    logBytes += text.length + 1
    logs.push(text)
  }
  const onDone = (ok: QuickJSHandle, value: QuickJSHandle): void => {
    const text = textOf(value, limits.outputBytes)
    if (text === undefined) return stop(outOf('output', `${limits.outputBytes} characters`))
    if (context.dump(ok) === true) end = { output: text === '' ? undefined : text, logs }
    else end = { logs, fault: faultOf(JSON.parse(text), limits) }
  }

  /** Runs the script until it waits, and finds out whether it has ended. */
  const slice = (work: () => void): void => {
    if (sent) return
    sliceBegan = cpuNow()
    try {
      work()
      while (!fault && !end && runtime.hasPendingJob()) {
        const done = runtime.executePendingJobs(100)
        if (done.error) stop(faultOf(context.dump(done.error), limits))
        // Jobs that never end leave no loop in which the sandbox would be interrupted.
        if (cpuMs + cpuNow() - sliceBegan > limits.cpuMs) stop(outOf('CPU time', `${limits.cpuMs} ms`))
      }
    } catch (error) {
      stop(faultOf(error, limits))
    }
    cpuMs += cpuNow() - sliceBegan
    if (fault) finish({ logs, fault })
    else if (end) finish(end)
    else if (unsettled === 0) finish({ logs, fault: { message: 'it waits for something that never happens' } })
  }

  const call = (fn: QuickJSHandle, ...args: QuickJSHandle[]): void => {
    const result = context.callFunction(fn, context.undefined, ...args)
    if (result.error) stop(faultOf(context.dump(result.error), limits))
    else result.value.dispose()
  }

  let guest: { settle: QuickJSHandle; begin: QuickJSHandle } | undefined
  slice(() => {
    const setup = context.unwrapResult(context.evalCode(prelude, 'prelude.js', { type: 'global' }))
    const api = context.unwrapResult(
      context.callFunction(
        setup,
        context.undefined,
        context.newFunction('host', onCall),
        context.newFunction('log', onLog),
        context.newNumber(run.nowMs),
        json(context, run.seed),
        json(context, run.tools),
      ),
    )
    guest = { settle: context.getProp(api, 'settle'), begin: context.getProp(api, 'begin') }
    // A script that closes the function around it runs at once, and must find the fixed clock already.
    const script = context.evalCode(wrapped(run.code), fileName, { type: 'global' })
    if (script.error) return stop(faultOf(context.dump(script.error), limits))
    const done = context.newFunction('done', onDone)
    call(guest.begin, script.value, context.newString(run.input), done)
  })

  return {
    settle: (index, ok, text) =>
      slice(() => {
        unsettled--
        using value = context.newString(text)
        using number = context.newNumber(index)
        call(guest!.settle, number, ok ? context.true : context.false, value)
      }),
  }
}

function json(context: QuickJSContext, value: readonly unknown[]): QuickJSHandle {
  return context.unwrapResult(context.evalCode(`(${JSON.stringify(value)})`, 'values.js', { type: 'global' }))
}

/** What ended a script, out of an error inside the sandbox. */
function faultOf(thrown: unknown, { memoryBytes, cpuMs }: ScriptLimits): Fault {
  const {
    name = '',
    message = '',
    stack = '',
    call,
  } = (thrown ?? {}) as { name?: unknown; message?: unknown; stack?: unknown; call?: unknown }
  const text = String(message)
  if (/out of memory/i.test(text) || thrown instanceof RangeError || thrown === null)
    return outOf('memory', `${Math.round(memoryBytes / 1_000_000)} MB`)
  if (text === 'interrupted') return outOf('CPU time', `${cpuMs} ms`)
  const line = new RegExp(`${fileName.replace('.', '\\.')}:(\\d+)`).exec(String(stack))?.[1]
  const label = String(name)
  const full = label === '' || label === 'Error' || text.startsWith(label) ? text : `${label}: ${text}`
  return {
    message: full.slice(0, 2000),
    ...(line === undefined ? {} : { line: Number(line) }),
    ...(typeof call === 'number' ? { call } : {}),
  }
}
