import { readFile } from 'node:fs/promises'

/** Code that was compiled once and is instantiated for each script. */
export type CompiledWasm = object

interface Compiler {
  compile(bytes: Uint8Array): Promise<CompiledWasm>
}

export async function compileWasm(url: string): Promise<CompiledWasm> {
  // The types of Node do not declare it.
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: Compiler }
  return WebAssembly.compile(await readFile(new URL(url)))
}
