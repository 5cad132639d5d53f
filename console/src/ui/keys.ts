import { useEffect } from 'react'
import { getLook } from './look.ts'

export interface Key {
  /** `j`, `?`, or two in a row: `g r`. `mod+k` is ⌘K or Ctrl+K. */
  readonly key: string
  readonly label: string
  run(): void
}

type Layer = readonly Key[]

/** The newest comes first: what is open on top of a page has the keys before the page. */
const layers: Layer[] = []
const openWindows = '[role="dialog"], [role="alertdialog"], [role="menu"]'
const pauseMs = 1000
let pending = ''
let timer: ReturnType<typeof setTimeout> | undefined

/** Whether what is typed goes into a field. */
function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && (target as HTMLInputElement).type !== 'checkbox'))
  )
}

document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.altKey || event.isComposing) return
  const isMod = event.metaKey || event.ctrlKey
  const name = isMod ? `mod+${event.key.toLowerCase()}` : event.key
  const isSingle = !isMod && event.key.length === 1
  if (!isSingle && !isMod && event.key !== 'Escape') return
  if (isSingle && !getLook().keys) return
  // A window that is open closes itself, and what is typed belongs to its field.
  if (!isMod && (isTyping(event.target) || document.querySelector(openWindows))) return
  const asked = pending === '' ? name : `${pending} ${name}`
  const key = find(asked) ?? find(name)
  clearTimeout(timer)
  pending = ''
  if (key) {
    event.preventDefault()
    key.run()
  } else if (isSingle && layers.some((layer) => layer.some(({ key: known }) => known.startsWith(`${name} `)))) {
    pending = name
    timer = setTimeout(() => (pending = ''), pauseMs)
  }
})

function find(name: string): Key | undefined {
  for (const layer of layers) {
    const key = layer.find((one) => one.key === name)
    if (key) return key
  }
  return undefined
}

/** Keys that act while the component is there. They never act in fields or below an open window, and single ones can be turned off. */
export function useKeys(keys: Layer): void {
  useEffect(() => {
    layers.unshift(keys)
    return () => void layers.splice(layers.indexOf(keys), 1)
  }, [keys])
}

/** Every key that acts now, for the page that lists them. */
export function allKeys(): readonly Key[] {
  const seen = new Set<string>()
  return layers.flat().filter(({ key }) => !seen.has(key) && seen.add(key))
}
