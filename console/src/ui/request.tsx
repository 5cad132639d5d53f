import { Json } from './json.tsx'
import styles from './request.module.css'
import { visible } from './safe-text.ts'

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null

/** A request to an outside system as it would be sent: method and address first, then headers and body. */
export function RequestView({ request, label = 'Request' }: { readonly request: unknown; readonly label?: string }) {
  if (!isObject(request) || typeof request['url'] !== 'string') return <Json value={request} label={label} />
  const { method, url, headers, body, ...others } = request
  return (
    <div className={styles.request}>
      <p className={styles.line}>
        <strong>{visible(String(method))}</strong> <span>{visible(url)}</span>
      </p>
      {isObject(headers)
        ? Object.entries(headers).map(([name, value]) => (
            <p key={name} className={styles.header}>
              <span>{visible(name)}:</span> {visible(String(value))}
            </p>
          ))
        : null}
      {body === undefined ? null : (
        <div className={styles.body}>
          <Json value={body} label={`Body of the ${label.toLowerCase()}`} />
        </div>
      )}
      {Object.keys(others).length === 0 ? null : <Json value={others} label={`More of the ${label.toLowerCase()}`} />}
    </div>
  )
}
