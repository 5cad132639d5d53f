import { Link } from '@tanstack/react-router'
import { buttonClass, Button, Empty, ErrorNote, Note, Page } from '#ui'
import { texts } from './texts.ts'

/** A part of the program that is gone since the hub was upgraded, or an error of the page itself. */
export function PageFailed({ error }: { readonly error: unknown }) {
  const isOld = error instanceof Error && /dynamically imported module|module script|error loading/i.test(error.message)
  return (
    <Page title={isOld ? 'New version' : 'Something went wrong'}>
      {isOld ? <Note tone="running">{texts.newVersion}</Note> : <ErrorNote error={error} />}
      <p>
        <Button kind="main" onClick={() => location.reload()}>
          {texts.reload}
        </Button>
      </p>
    </Page>
  )
}

export function NotFound() {
  return (
    <Page title="Not found">
      <Empty
        title={texts.notFound}
        action={
          <Link to="/home" className={buttonClass()}>
            {texts.home}
          </Link>
        }
      >
        {texts.notFoundAbout}
      </Empty>
    </Page>
  )
}
