/** What ends the walk through a run without being a failure of it. */

/** Nothing can be done before `until`, or before something comes; the run lets go of its process. */
export class Suspended extends Error {
  readonly until: number | undefined
  constructor(until: number | undefined) {
    super('the run waits')
    this.until = until
  }
}

/** Somebody cancelled the run. */
export class Cancelled extends Error {
  constructor() {
    super('the run was cancelled')
  }
}

/** What the run remembers cannot be reached just now: it is taken up again from there, as after a crash. */
export class Interrupted extends Error {
  constructor(cause: unknown) {
    super('the run was interrupted', { cause })
  }
}

export function isSignal(thrown: unknown): boolean {
  return thrown instanceof Suspended || thrown instanceof Cancelled || thrown instanceof Interrupted
}

/** The earliest of the times at which something may go on; undefined when only an event, a person or another run can tell. */
export function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
