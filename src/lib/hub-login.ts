/** The client id of `hub login`. */
export const commandLine = 'hub-cli'
/** RFC 8628: how a program without a browser asks for its token. */
export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'
