import { Empty, visible } from '#ui'
import { fieldsOf, plainSchema, type Schema } from './schema.ts'
import styles from './schema-fields.module.css'

/** What a value may contain, field by field, for reading. */
export function SchemaFields({ schema, empty }: { readonly schema: Schema; readonly empty: string }) {
  const fields = fieldsOf(objectIn(schema))
  if (fields.length === 0) return <Empty title={empty}>{schema.description === undefined ? undefined : visible(schema.description)}</Empty>
  return <Fields schema={objectIn(schema)} depth={0} />
}

const deepest = 4

function Fields({ schema, depth }: { readonly schema: Schema; readonly depth: number }) {
  return (
    <ul className={styles.fields}>
      {fieldsOf(schema).map(({ name, schema: given, isRequired }) => {
        const field = plainSchema(given)
        const inner = objectIn(field)
        return (
          <li key={name}>
            <p className={styles.head}>
              <code className={styles.name}>{visible(name)}</code>
              <span className={styles.type}>{typeName(field)}</span>
              {isRequired ? <span className={styles.type}>required</span> : null}
            </p>
            {given.description === undefined ? null : <p>{visible(given.description)}</p>}
            {field.default === undefined ? null : <p className={styles.type}>{`Without it: ${visible(JSON.stringify(field.default))}`}</p>}
            {inner.properties !== undefined && depth < deepest ? <Fields schema={inner} depth={depth + 1} /> : null}
          </li>
        )
      })}
    </ul>
  )
}

/** The object that a schema is, or that its list is of. */
function objectIn(schema: Schema): Schema {
  const plain = plainSchema(schema)
  return plain.items ? objectIn(plain.items) : plain
}

function typeName(schema: Schema): string {
  if (schema.enum) return schema.enum.map((value) => visible(String(value))).join(' | ')
  if (schema.const !== undefined) return visible(JSON.stringify(schema.const))
  if (schema.items) return `list of ${typeName(plainSchema(schema.items))}`
  const alternatives = schema.anyOf ?? schema.oneOf
  if (alternatives) return [...new Set(alternatives.map((one) => typeName(plainSchema(one))))].join(' or ')
  if (schema.type === undefined) return 'anything'
  return typeof schema.type === 'string' ? (schema.format ?? schema.type) : schema.type.join(' or ')
}
