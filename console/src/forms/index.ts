export { fieldErrors } from './errors.ts'
export { JsonField, SchemaForm, type FieldErrors } from './schema-form.tsx'
export type { Schema, Values } from './schema.ts'
export { SchemaFields } from './schema-fields.tsx'
