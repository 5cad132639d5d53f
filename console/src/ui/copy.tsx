import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button } from './button.tsx'
import type { Key } from './keys.ts'
import { visible } from './safe-text.ts'
import styles from './copy.module.css'
import { notify } from './toasts.ts'

export async function copyText(text: string, said = 'Copied'): Promise<void> {
  // Over http, browsers have a clipboard at localhost only.
  const clipboard = navigator.clipboard as Clipboard | undefined
  if (!clipboard)
    return notify({
      kind: 'failed',
      text: 'The browser lets pages copy over https only.',
      more: 'Select the text and copy it with the keyboard.',
    })
  await clipboard.writeText(text)
  notify({ kind: 'ok', text: said })
}

/** The key that copies the id of what is open. */
export const copyIdKey = (id: string): Key => ({ key: 'c', label: 'Copy the id', run: () => void copyText(id, `Copied ${id}`) })

/** An icon that copies a text. */
export function CopyButton({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) {
  const [isDone, setDone] = useState(false)
  useEffect(() => {
    if (!isDone) return undefined
    const timer = setTimeout(() => setDone(false), 1500)
    return () => clearTimeout(timer)
  }, [isDone])
  return (
    <Button
      kind="quiet"
      iconOnly
      icon={isDone ? <Check aria-hidden /> : <Copy aria-hidden />}
      onClick={(event) => {
        event.stopPropagation()
        void copyText(text).then(() => setDone(true))
      }}
    >
      {label}
    </Button>
  )
}

/** An id or an address, in full, with a button that copies it. */
export function Id({ children }: { readonly children: string }) {
  return (
    <span className={styles.id}>
      <code>{visible(children)}</code>
      <CopyButton text={children} label={`Copy ${children.slice(0, 30)}`} />
    </span>
  )
}
