import assert from 'node:assert/strict'
import type { Locator, Page } from 'playwright-core'

const mostTabs = 80

/** Presses Tab until this has the focus, as somebody does who has no mouse. */
export async function reach(page: Page, wanted: Locator): Promise<void> {
  await wanted.first().waitFor()
  for (let presses = 0; presses < mostTabs; presses++) {
    if ((await wanted.and(page.locator(':focus')).count()) > 0) return
    await page.keyboard.press('Tab')
  }
  assert.fail(`the key Tab does not reach ${String(wanted)}`)
}

/** Reaches it, and presses Enter. */
export async function press(page: Page, wanted: Locator): Promise<void> {
  await reach(page, wanted)
  await page.keyboard.press('Enter')
}
