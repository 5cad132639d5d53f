/**
 * Runs inside the sandbox before the script, and gives it `tools`, `console`, a fixed clock and seeded random numbers. It takes what it needs
 * of the built-in objects at once, so a script that changes them changes nothing here.
 */
export const prelude = String.raw`(function (host, log, nowMs, seeds, names) {
  'use strict'
  const { parse, stringify } = JSON
  const { apply, construct, defineProperty, ownKeys } = Reflect
  const { freeze, create } = Object
  const RealPromise = Promise, RealError = Error, RealString = String, isArray = Array.isArray
  const callOf = new WeakMap()
  const weakGet = WeakMap.prototype.get, weakSet = WeakMap.prototype.set
  const then = Promise.prototype.then
  const waiting = create(null)
  let count = 0

  const RealDate = Date
  function FixedDate(...args) {
    if (!new.target) return new RealDate(nowMs).toString()
    return construct(RealDate, args.length === 0 ? [nowMs] : args, new.target)
  }
  FixedDate.prototype = RealDate.prototype
  FixedDate.now = () => nowMs
  FixedDate.UTC = RealDate.UTC
  FixedDate.parse = RealDate.parse
  defineProperty(RealDate.prototype, 'constructor', { value: FixedDate, configurable: false, writable: false })
  defineProperty(globalThis, 'Date', { value: FixedDate, configurable: false, writable: false })
  delete globalThis.performance

  let [a, b, c, d] = seeds
  Math.random = () => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return (t >>> 0) / 4294967296
  }

  const tools = create(null)
  for (const name of names) {
    defineProperty(tools, name, {
      enumerable: true,
      value: (args, options) => {
        const at = new RealError('')
        const json = stringify({ input: args === undefined ? {} : args, options })
        const index = ++count
        return new RealPromise((resolve, reject) => {
          waiting[index] = { resolve, reject, at }
          host(index, name, json)
        })
      },
    })
  }
  freeze(tools)

  const shown = (value) => {
    if (typeof value === 'string') return value
    try {
      if (value instanceof RealError) return value.name + ': ' + value.message
      const json = stringify(value)
      return json === undefined ? RealString(value) : json
    } catch {
      return '?'
    }
  }
  const print = (...values) => {
    let line = ''
    for (let index = 0; index < values.length; index++) line += (index > 0 ? ' ' : '') + shown(values[index])
    log(line)
  }
  const console = freeze({ log: print, info: print, warn: print, error: print, debug: print })

  const textOf = (value, name) => {
    try {
      const text = value[name]
      return typeof text === 'string' ? text : ''
    } catch {
      return ''
    }
  }
  const describe = (thrown) => {
    if ((typeof thrown !== 'object' && typeof thrown !== 'function') || thrown === null)
      return { message: 'it threw ' + (typeof thrown === 'symbol' ? 'a symbol' : shown(thrown)), stack: '' }
    const name = textOf(thrown, 'name'), message = textOf(thrown, 'message')
    const known = apply(weakGet, callOf, [thrown])
    return { message: name && message ? name + ': ' + message : message || name || 'it threw an object without a message', stack: textOf(thrown, 'stack'), call: known }
  }

  return {
    settle(index, ok, json) {
      const { resolve, reject, at } = waiting[index]
      delete waiting[index]
      if (ok) return resolve(parse(json))
      const { message, code, kind, hint } = parse(json)
      defineProperty(at, 'message', { value: message, configurable: true, writable: true })
      at.code = code
      at.kind = kind
      if (hint !== undefined) at.hint = hint
      apply(weakSet, callOf, [at, index])
      reject(at)
    },
    begin(run, inputJson, done) {
      let promise
      try {
        promise = run(parse(inputJson), tools, console)
      } catch (thrown) {
        return done(false, stringify(describe(thrown)))
      }
      apply(then, promise, [
        (value) => {
          let json
          try {
            json = stringify(value)
          } catch (thrown) {
            return done(false, stringify(describe(thrown)))
          }
          done(true, json === undefined ? '' : json)
        },
        (thrown) => done(false, stringify(describe(thrown))),
      ])
    },
    describe: (thrown) => stringify(describe(thrown)),
  }
})`
