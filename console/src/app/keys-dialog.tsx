import { allKeys, Check, Dialog, setLook, useLook } from '#ui'
import styles from './keys-dialog.module.css'
import { texts } from './texts.ts'

/** Every key that acts on this page. */
export function KeysDialog({ isOpen, onClose }: { readonly isOpen: boolean; onClose(): void }) {
  const { keys } = useLook()
  return (
    <Dialog title={texts.keys} isOpen={isOpen} onClose={onClose}>
      <Check label={texts.singleKeys} isOn={keys} onValue={(isOn) => setLook({ keys: isOn })} />
      <dl className={styles.keys}>
        {isOpen
          ? allKeys().map(({ key, label }) => (
              <div key={key}>
                <dt>
                  <kbd>{key.replace('mod+', /Mac/.test(navigator.userAgent) ? '⌘' : 'Ctrl ')}</kbd>
                </dt>
                <dd>{label}</dd>
              </div>
            ))
          : null}
        <div>
          <dt>
            <kbd>Esc</kbd>
          </dt>
          <dd>Close what is open</dd>
        </div>
      </dl>
    </Dialog>
  )
}
