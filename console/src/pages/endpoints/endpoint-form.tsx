import type { FieldErrors } from '#forms'
import { Check, TextArea, TextField } from '#ui'
import styles from './endpoints.module.css'
import type { Endpoint } from './state.ts'
import { texts } from './texts.ts'

/** What can be changed of an endpoint, as a form has it. */
export interface EndpointValues {
  readonly url: string
  readonly description: string
  /** One in each line. */
  readonly types: string
  readonly filter: string
  readonly transform: string
  readonly ordered: boolean
}

export const newEndpoint: EndpointValues = { url: '', description: '', types: '', filter: '', transform: '', ordered: false }

export function valuesOf({ url, description, types, filter, transform, ordered }: Endpoint): EndpointValues {
  return { url, description: description ?? '', types: types.join('\n'), filter: filter ?? '', transform: transform ?? '', ordered }
}

/** The same as the hub takes it. */
export function inputOf({ url, description, types, filter, transform, ordered }: EndpointValues) {
  const listed = types
    .split('\n')
    .map((type) => type.trim())
    .filter(Boolean)
  return {
    url: url.trim(),
    description: description || null,
    types: listed.length === 0 ? ['*'] : listed,
    filter: filter || null,
    transform: transform || null,
    ordered,
  }
}

interface FormProps {
  readonly values: EndpointValues
  readonly errors: FieldErrors
  onValues(values: EndpointValues): void
}

export function EndpointFields({ values, errors, onValues }: FormProps) {
  const set = (change: Partial<EndpointValues>): void => onValues({ ...values, ...change })
  const typesError = errors['types'] ?? Object.entries(errors).find(([path]) => path.startsWith('types.'))?.[1]
  return (
    <>
      <TextField
        label={texts.url}
        about={texts.urlAbout}
        type="url"
        required
        placeholder="https://example.com/hooks"
        error={errors['url']}
        value={values.url}
        onValue={(url) => set({ url })}
      />
      <TextField
        label={texts.description}
        error={errors['description']}
        value={values.description}
        onValue={(description) => set({ description })}
      />
      <TextArea
        label={texts.types}
        about={texts.typesAbout}
        rows={3}
        placeholder="github.*"
        error={typesError}
        value={values.types}
        onValue={(types) => set({ types })}
      />
      <TextArea
        label={texts.filter}
        about={texts.filterAbout}
        rows={2}
        spellCheck={false}
        className={styles.code}
        error={errors['filter']}
        value={values.filter}
        onValue={(filter) => set({ filter })}
      />
      <TextArea
        label={texts.transform}
        about={texts.transformAbout}
        rows={2}
        spellCheck={false}
        className={styles.code}
        error={errors['transform']}
        value={values.transform}
        onValue={(transform) => set({ transform })}
      />
      <Check label={texts.ordered} isOn={values.ordered} onValue={(ordered) => set({ ordered })} />
    </>
  )
}
