export type OAuthError =
  | 'access_denied'
  | 'invalid_client'
  | 'invalid_client_metadata'
  | 'invalid_grant'
  | 'invalid_redirect_uri'
  | 'invalid_request'
  | 'invalid_scope'
  | 'invalid_target'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'

/** A refusal in the words of OAuth, which its clients understand. Other errors are those of the catalogue. */
export class OAuthRefusal extends Error {
  readonly error: OAuthError
  constructor(error: OAuthError, description: string) {
    super(description)
    this.error = error
  }
}
