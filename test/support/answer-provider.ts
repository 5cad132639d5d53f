import type { Page } from 'playwright-core'

/** Answers on the pages of the OAuth server of the tests, as a person does. */
export async function answerProvider(page: Page, decision: 'allow' | 'deny'): Promise<void> {
  await page.waitForLoadState()
  for (let step = 0; step < 3 && !page.isClosed() && page.url().includes('/interaction/'); step++) {
    const login = page.locator('input[name=login]')
    if (await login.count()) {
      await login.fill('ada')
      await page
        .locator('input[type=password]')
        .fill('any')
        .catch(() => undefined)
      await page.locator('button').first().click()
    } else
      await page
        .locator(`button[value=${decision}], button`)
        .filter({ hasText: decision === 'allow' ? /allow|continue/i : /den|refuse/i })
        .first()
        .click()
    await page.waitForTimeout(300).catch(() => undefined)
  }
}
