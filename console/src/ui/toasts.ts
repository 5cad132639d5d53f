export interface Notice {
  readonly kind: 'ok' | 'failed'
  readonly text: string
  readonly more?: string | undefined
  readonly requestId?: string | undefined
}

type Shown = Notice & { readonly id: number }

let notices: readonly Shown[] = []
let next = 0
const listeners = new Set<() => void>()
const shownMs = { ok: 5000, failed: 15_000 }

function set(all: readonly Shown[]): void {
  notices = all
  listeners.forEach((listener) => listener())
}

/** Says something in the corner of the page, and to readers. */
export function notify(notice: Notice): void {
  const id = ++next
  set([...notices.slice(-2), { ...notice, id }])
  setTimeout(() => dismiss(id), shownMs[notice.kind])
}

export function dismiss(id: number): void {
  set(notices.filter((notice) => notice.id !== id))
}

export const noticeStore = {
  get: () => notices,
  subscribe(listener: () => void) {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}
