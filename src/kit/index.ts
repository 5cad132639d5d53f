export {
  errorCatalogue,
  fail,
  HubError,
  type ErrorCode,
  type ErrorDetails,
  type ErrorEntry,
  type ErrorKind,
  type FieldError,
} from './errors.ts'
