// npm leaves out of package-lock.json the platform packages that the registry in use does not offer, and `npm ci` then refuses the file,
// everywhere. This adds them as they are named by the packages that want them; npm fetches only the one of its own platform.
import { readFileSync, writeFileSync } from 'node:fs'

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8'))
const known = new Set(Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, '')))

for (const [path, { dev, engines, optionalDependencies = {} }] of Object.entries(lock.packages)) {
  if (path === '') continue
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (known.has(name)) continue
    // @oxfmt/binding-linux-x64-musl, @oxlint-tsgolint/darwin-arm64
    const [os, cpu, abi] = name.replace(/^.*\/(binding-)?/, '').split('-')
    const libc = abi?.startsWith('musl') ? ['musl'] : abi === 'gnu' ? ['glibc'] : undefined
    lock.packages[`node_modules/${name}`] = { version, cpu: [cpu], dev, libc, license: 'MIT', optional: true, os: [os], engines }
    known.add(name)
    process.stdout.write(`added ${name} ${version}\n`)
  }
}
const [root, ...rest] = Object.entries(lock.packages)
lock.packages = Object.fromEntries([root, ...rest.toSorted(([a], [b]) => a.localeCompare(b, 'en'))])
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
