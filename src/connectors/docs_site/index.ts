import { documentationSite } from './family.ts'

export const docusaurus = documentationSite({ name: 'docusaurus', title: 'Docusaurus' })
export const vitepress = documentationSite({ name: 'vitepress', title: 'VitePress' })
export const gitbook = documentationSite({ name: 'gitbook', title: 'GitBook' })
