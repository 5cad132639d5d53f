import { copyText } from '#ui'

const spans: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Copies the address of what is seen. Times such as `-24h` become absolute, so that the link shows the same later. */
export async function copyLink(): Promise<void> {
  const url = new URL(location.href)
  for (const name of ['from', 'to']) {
    const [, number, unit] = /^-(\d+)([mhd])$/.exec(url.searchParams.get(name) ?? '') ?? []
    if (number && unit) url.searchParams.set(name, new Date(Date.now() - Number(number) * spans[unit]!).toISOString())
  }
  await copyText(url.href, 'Link copied')
}
