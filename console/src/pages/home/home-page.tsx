import { Page } from '#ui'
import { Demo } from './demo.tsx'
import { Figures } from './figures.tsx'
import { FirstSteps } from './first-steps.tsx'
import { Needs } from './needs.tsx'
import { texts } from './texts.ts'

/** What needs the person, the first steps of a new hub, and the last day in figures. */
export function HomePage() {
  return (
    <Page title={texts.title}>
      <Needs />
      <FirstSteps />
      <Demo />
      <Figures />
    </Page>
  )
}
