export interface Listed {
  readonly address: string
  readonly changed: string | undefined
}

export interface Sitemap {
  readonly pages: readonly Listed[]
  readonly sitemaps: readonly string[]
}

const mostLocations = 50_000
const element = /<(?:[\w-]{1,40}:)?(urlset|sitemapindex|url|sitemap|loc|lastmod)\b[^<>]{0,2000}>(?:\s*<!\[CDATA\[)?([^<\]]*)/g

/** Reads a sitemap or an index of sitemaps; undefined of what is neither. */
export function readSitemap(xml: string): Sitemap | undefined {
  const pages: { address: string; changed: string | undefined }[] = []
  const sitemaps: string[] = []
  let isSitemap = false
  let isInIndex = false
  for (const [, name, text = ''] of xml.matchAll(element)) {
    if (name === 'urlset' || name === 'sitemapindex') isSitemap = true
    else if (name === 'url' || name === 'sitemap') isInIndex = name === 'sitemap'
    else if (name === 'loc') {
      const address = text.trim().replaceAll('&amp;', '&').replaceAll('&apos;', "'").replaceAll('&quot;', '"')
      if (isInIndex) sitemaps.push(address)
      else pages.push({ address, changed: undefined })
    } else if (!isInIndex && pages.length > 0) pages.at(-1)!.changed = text.trim()
    if (pages.length + sitemaps.length >= mostLocations) break
  }
  return isSitemap ? { pages, sitemaps } : undefined
}
