/** The words of the frame around the pages. */
export const texts = {
  skip: 'Go to the content',
  navigation: 'Pages',
  search: 'Go to …',
  keys: 'Keyboard shortcuts',
  singleKeys: 'Single letters are shortcuts',
  lost: (since: string) => `Not live since ${since}: the hub does not say what changes. What you see may be old.`,
  signedOut: 'You are signed out. Drafts of flows, tools and policies stay in this browser.',
  signIn: 'Sign in again',
  newVersion: 'The hub was upgraded while this page was open. Reload it to go on; drafts are kept.',
  reload: 'Reload',
  notFound: 'There is no such page.',
  notFoundAbout: 'The address may be mistyped, or the page may belong to another workspace.',
  home: 'Go to Home',
} as const
