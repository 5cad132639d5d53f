import { fieldErrors, JsonField, Readable, SchemaForm, type Schema, type Values } from '#forms'
import type { ComponentProps } from 'react'

interface ParameterFieldsProps {
  /** Null where the flow does not say which parameters it takes. */
  readonly schema: Schema | null
  readonly values: Values
  onValues(values: Values): void
  /** Of the last try to start it. */
  readonly error: unknown
  readonly report: ComponentProps<typeof Readable>['report']
  /** How often the values were filled in: the fields begin anew with each. */
  readonly filled?: number
}

export const hasFields = (schema: Schema | null): boolean => Object.keys(schema?.properties ?? {}).length > 0

/** What a flow is started with: a field for each parameter that it declares, or JSON where it declares none. */
export function ParameterFields({ schema, values, onValues, error, report, filled = 0 }: ParameterFieldsProps) {
  return (
    <Readable report={report}>
      {schema === null ? (
        <JsonField
          key={filled}
          label="Parameters"
          value={filled === 0 ? undefined : values}
          onValue={(next) => onValues((next ?? {}) as Values)}
        />
      ) : hasFields(schema) ? (
        <SchemaForm
          key={filled}
          schema={schema}
          values={values}
          onValues={onValues}
          errors={fieldErrors(error, 'parameters', 'body.parameters')}
        />
      ) : null}
    </Readable>
  )
}
