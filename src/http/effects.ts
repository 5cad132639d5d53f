import { hubError, HubError } from '#errors'

/** What a call has changed in the outside system so far. */
export interface Effects {
  /** `once`: a write that must not be sent twice was accepted. `repeatable`: only writes that may be sent again were. */
  readonly accepted: 'nothing' | 'repeatable' | 'once'
  accept(kind: 'repeatable' | 'once'): void
  /** An answer of the outside system came and was read. */
  readonly answered: boolean
  answer(): void
}

export function createEffects(): Effects {
  let accepted: Effects['accepted'] = 'nothing'
  let answered = false
  return {
    get answered() {
      return answered
    },
    answer() {
      answered = true
    },
    get accepted() {
      return accepted
    },
    accept(kind) {
      if (accepted !== 'once') accepted = kind
    },
  }
}

/** Errors that say nothing about what the outside system did, only that its answer was of no use. */
const unclear: ReadonlySet<string> = new Set(['internal', 'vendor_invalid_response', 'vendor_too_large'])

/**
 * The error that ends a call. An action that cannot read what the outside system answered fails because of that answer, and not because of a
 * fault of the hub.
 */
export function callError(thrown: unknown, effects: Effects, vendor: string): HubError {
  return errorAfter(effects, thrown instanceof HubError ? thrown : ofAction(thrown, effects, vendor))
}

function ofAction(thrown: unknown, { answered }: Effects, vendor: string): HubError {
  const isUnreadable = answered && [TypeError, RangeError, SyntaxError].some((kind) => thrown instanceof kind)
  if (!isUnreadable) return hubError('internal', { cause: thrown })
  return hubError('vendor_invalid_response', {
    detail: `${vendor} sent an answer of another form than its documentation describes`,
    hint: 'check that the base URL of the integration leads to the API and not to another page',
    cause: thrown,
  })
}

/**
 * A call that changed something never ends as failed, because a caller who reads "failed" makes it again. Only where every change may be made
 * again does a clear refusal of a later request remain what it is.
 */
function errorAfter({ accepted }: Pick<Effects, 'accepted'>, error: HubError): HubError {
  if (accepted === 'nothing' || error.code === 'outcome_unknown') return error
  if (accepted === 'repeatable' && !unclear.has(error.code)) return error
  const known = error.code === 'internal' ? 'the hub could not process the answer' : error.message
  return hubError('outcome_unknown', {
    detail: `a change was made in the outside system, but the call did not come to its end: ${known}`,
    hint: error.details.hint ?? 'check in the outside system what was changed before you repeat the call',
    cause: error,
  })
}
