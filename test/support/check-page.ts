import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { screenshots } from './browser.ts'

/** Where `npm run screenshots` wants the pictures; without it none are taken. */
const folder = process.env['HUB_TEST_SCREENSHOTS']

/**
 * Checks a page of the console as it is now: axe finds nothing in both themes, and nothing lies beyond the edge of a window of 320 pixels. Takes
 * pictures where HUB_TEST_SCREENSHOTS names a folder. Leaves the page light, and as wide as it was.
 */
export async function checkPage(page: Page, name: string): Promise<void> {
  const { AxeBuilder } = await import('@axe-core/playwright')
  const size = page.viewportSize() ?? { width: 1280, height: 800 }
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const { violations } = await new AxeBuilder({ page }).analyze()
    const found = violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('\n')}`,
    )
    assert.deepEqual(found, [], `axe in ${name}, ${colorScheme}`)
  }
  await page.setViewportSize({ width: 320, height: 700 })
  const beyond = await page.evaluate<string[]>(`[...document.querySelectorAll('main, main *')]
    .filter((element) => element.getBoundingClientRect().right > 321 && !element.closest('[data-scrolls], [role="grid"], [role="tree"], pre, [role="tablist"]'))
    .map((element) => element.outerHTML.slice(0, 120))`)
  assert.deepEqual(beyond, [], `${name} does not fit 320 px`)
  await page.setViewportSize(size)
  if (folder) await screenshots(page, folder, name)
  await page.setViewportSize(size)
}
