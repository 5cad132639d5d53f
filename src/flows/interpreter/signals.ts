import { JobLost } from '#engine'

/** Exceptions that end the execution of a run here without failing it. */

/** The run has to wait until `until` or until something arrives, and gives up its place in this process. */
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

/** The records of the run cannot be reached now. It continues from them later, as after a crash. */
export class Interrupted extends Error {
  constructor(cause: unknown) {
    super('the run was interrupted', { cause })
  }
}

/** The rights that the run stands on are gone. No step of it may react to that, because each would run with the same rights. */
export class RightsLost extends Error {
  constructor(cause: unknown) {
    super('the rights of the run are gone', { cause })
  }
}

export function isSignal(thrown: unknown): boolean {
  return [Suspended, Cancelled, Interrupted, RightsLost, JobLost].some((signal) => thrown instanceof signal)
}

/** The earliest time at which something may continue; undefined when everything waits for an event, a person or another run. */
export function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
