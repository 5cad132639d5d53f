type Things = readonly [one: string, many: string]

/** A number with the word for it: 1 event, 2 events. */
export function counted(count: number, [one, many]: Things): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}

/** The words for doing one thing with many. */
export const bulkTexts = {
  selected: 'Selected rows',
  withSelected: (label: string) => `${label} what is selected`,
  someSelected: (count: number, things: Things) => `${counted(count, things)} selected`,
  allSelected: (many: string) => `All ${many} that match are selected`,
  selectAll: 'Select all that match',
  needsFilter: 'Set a filter first: everything that there is cannot be meant',
  clear: 'Clear selection',
  unknown: 'The number is not known',
  counting: 'Counting …',
  question: (label: string, count: string) => `${label} ${count}?`,
  more: (most: string) => `More than ${most} match, which is the most at once. This acts on the newest ${most}.`,
  nothing: 'Nothing matches any more.',
  order: 'They are done one after the other, the oldest first. You can leave this page meanwhile.',
  title: (status: string) =>
    status === 'running' ? 'Under way' : status === 'completed' ? 'Finished' : status === 'cancelled' ? 'Cancelled' : 'Stopped',
  progress: (done: number, total: number) => `${done.toLocaleString('en')} of ${total.toLocaleString('en')}`,
  outcome: (done: number, failed: number) =>
    failed === 0
      ? `${done.toLocaleString('en')} went well.`
      : `${done.toLocaleString('en')} went well, ${failed.toLocaleString('en')} failed.`,
  failures: 'What failed',
  firstFailures: 'The first 200 are listed.',
  stop: 'Stop',
  stopped: 'The one in progress is finished; no others begin.',
  close: 'Close',
} as const
