import { defineConfig, type OxlintOverride } from 'oxlint'

// The modules that each module of src/ may import. Others import a module by its public name in package.json (`#tools`), never one of its files.
// A folder that is missing here may import nothing but files of its own and #lib.
const base = 'lib errors telemetry db'
const connected = `${base} engine access retention credentials http kit events/publish`
const features = `${connected} integrations expressions scripts events tools`
const surface = `${features} actors apps buses bulk endpoints webhooks flows hints search stats sync trace`
const mayImport: Readonly<Record<string, string>> = {
  '*': 'lib',
  lib: 'lib',
  errors: 'lib',
  telemetry: 'lib errors',
  db: 'lib errors telemetry',
  http: 'lib errors',
  kit: 'lib errors http',
  connectors: 'kit',
  expressions: base,
  scripts: 'lib errors telemetry',
  engine: base,
  hints: base,
  access: `${base} engine`,
  apps: `${base} engine access retention http`,
  retention: `${base} engine access`,
  stats: `${base} engine access retention`,
  trace: `${base} access`,
  actors: base,
  bulk: `${base} engine access retention`,
  credentials: `${base} engine access`,
  oauth: `${base} engine access credentials http kit`,
  integrations: `${connected} oauth`,
  events: `${connected} expressions`,
  'events/publish': `${base} engine`,
  tools: `${connected} integrations expressions`,
  endpoints: features,
  buses: features,
  webhooks: features,
  flows: features,
  search: `${base} engine access`,
  sync: `${features} search`,
  demo: `${features} webhooks flows`,
  operations: `${surface} demo`,
  transports: `${surface} operations`,
  'transports/mcp': `${surface} scripts operations transports/rest`,
  'transports/trpc': `${surface} operations transports/rest`,
  'transports/web': `${surface} operations transports/rest transports/mcp`,
  cli: `${surface} operations config hub serve transports/mcp`,
}

type Pattern = { message: string } & ({ regex: string } | { group: string[] })
const modules = Object.keys(mayImport).filter((name) => /^\w+$/.test(name))
const ownFiles: Pattern = {
  regex: `\\.\\./(src/)?(${modules.join('|')})/`,
  message: 'Import another module by its public name, such as #tools.',
}
const productionOnly: Pattern[] = [
  { regex: '\\.\\./(test|bench|demo|docs)/', message: 'What the product runs does not import tests, benches or docs.' },
  { regex: '^(node:)?process$', message: 'Only src/config.ts reads the environment; the global `process` serves for the rest.' },
]
const importRule = (files: string, patterns: Pattern[]): OxlintOverride => ({
  files: [files],
  rules: { 'no-restricted-imports': ['error', { patterns }] },
})
// Of the overrides that match a file, the last one counts.
const boundaries: OxlintOverride[] = [
  ...Object.entries(mayImport).map(([module, names]) =>
    importRule(`src/${module}/**/*.ts`, [
      {
        group: ['\\#*', '\\#*/**', ...names.split(' ').map((name) => `!\\#${name === 'lib' ? 'lib/**' : name}`)],
        message: `${module} may import only: ${names}.`,
      },
      ...(module.includes('/') ? [{ regex: '^\\.\\./', message: `${module} may not import the rest of its folder.` }] : []),
      ownFiles,
      ...productionOnly,
    ]),
  ),
  importRule('src/*.ts', [{ regex: '^\\./\\w+/', message: ownFiles.message }, ...productionOnly]),
  importRule('src/main.ts', productionOnly),
  importRule('src/**/*.{test,services,browser}.ts', [ownFiles]),
  importRule('console/src/**/*.{ts,tsx}', [
    {
      group: ['**/../src/**', '!**/../src/lib/**'],
      message: 'The console takes from the hub only the types of its operations, #client, and helpers of src/lib.',
    },
    { group: ['**/pages/**', '!**/pages/*/*-page.tsx'], message: 'A page imports only its own files.' },
  ]),
  importRule('console/src/{api,ui,forms}/**/*.{ts,tsx}', [
    { regex: '^#app$|/(app|pages)/', message: 'What pages are made of does not know the pages.' },
  ]),
  // It runs in browsers too, and has no dependencies.
  importRule('client/src/**/*.ts', [{ regex: '^[^.]|^\\.\\./\\.\\.', message: 'The client imports only its own files.' }]),
]

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'import', 'node', 'oxc', 'promise'],
  categories: {
    correctness: 'error',
    suspicious: 'error',
    perf: 'error',
  },
  env: {
    node: true,
    es2024: true,
  },
  ignorePatterns: ['node_modules', 'data', 'client/dist', 'console/dist', 'console/public', 'client/src/generated'],
  rules: {
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': [
      'error',
      {
        allowForKnownSafeCalls: [
          {
            from: 'package',
            package: 'node:test',
            name: ['test', 'suite', 'describe', 'it'],
          },
        ],
      },
    ],
    'typescript/no-misused-promises': [
      'error',
      {
        checksVoidReturn: false,
      },
    ],
    'typescript/switch-exhaustiveness-check': [
      'error',
      {
        considerDefaultExhaustiveForUnions: true,
      },
    ],
    'typescript/consistent-type-imports': 'error',
    'typescript/ban-ts-comment': 'error',
    'import/no-cycle': [
      'error',
      {
        ignoreTypes: false,
      },
    ],
    'import/no-default-export': 'error',
    'node/no-process-env': 'error',
    'no-console': 'error',
    eqeqeq: [
      'error',
      'always',
      {
        null: 'ignore',
      },
    ],
    'no-var': 'error',
    'prefer-const': 'error',
    'max-params': ['error', { max: 3 }],
    'max-lines': [
      'error',
      {
        max: 400,
        skipBlankLines: true,
        skipComments: true,
      },
    ],
    'typescript/no-unsafe-type-assertion': 'off',
    'no-await-in-loop': 'off',
    'import/no-named-as-default-member': 'off',
    'no-unmodified-loop-condition': 'off',
    'no-shadow': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'promise/always-return': 'off',
    'import/no-unassigned-import': 'off',
    'typescript/unbound-method': 'off',
    'typescript/no-base-to-string': 'off',
    'typescript/no-unnecessary-type-parameters': 'off',
    'typescript/require-array-sort-compare': 'off',
    'typescript/consistent-return': 'off',
    'oxc/no-map-spread': 'off',
    'no-control-regex': 'off',
    'unicorn/require-post-message-target-origin': 'off',
  },
  overrides: [
    ...boundaries,
    { files: ['src/**/*.test.ts', 'src/**/*.services.ts', 'src/**/*.browser.ts'], rules: { 'node/no-process-env': 'off' } },
    { files: ['test/**/*.ts', 'bench/**/*.ts'], rules: { 'node/no-process-env': 'off', 'no-console': 'off', 'no-await-in-loop': 'off' } },
    {
      files: ['console/src/**/*.{ts,tsx}'],
      plugins: ['typescript', 'unicorn', 'import', 'oxc', 'promise', 'react', 'jsx-a11y'],
      env: { browser: true, node: false, es2024: true },
      rules: {
        'react/no-danger': 'error',
        'react/rules-of-hooks': 'error',
        'react/exhaustive-deps': 'error',
        'react/react-in-jsx-scope': 'off',
        // For the compiler of React, which is not used.
        'react/incompatible-library': 'off',
        // Grids, trees and lists with a field of their own have no elements in HTML.
        'jsx-a11y/prefer-tag-over-role': 'off',
        'jsx-a11y/no-noninteractive-element-to-interactive-role': 'off',
      },
    },
    {
      files: ['console/*.ts'],
      rules: {
        'oxc/no-async-endpoint-handlers': 'off',
        'no-console': 'off',
        'import/no-default-export': 'off',
        'node/no-process-env': 'off',
      },
    },
    { files: ['client/examples/*.mjs', 'docs/screenshots.ts'], rules: { 'node/no-process-env': 'off', 'no-console': 'off' } },
    { files: ['src/config.ts'], rules: { 'node/no-process-env': 'off' } },
    // One list of all tables.
    { files: ['src/db/schema.ts'], rules: { 'max-lines': 'off' } },
    { files: ['src/flows/**/*.ts'], rules: { 'unicorn/no-thenable': 'off' } },
    { files: ['src/**/*store.ts', 'src/**/*queries.ts', 'src/flows/**/*.ts'], rules: { 'max-params': 'off' } },
    { files: ['test/support/reporter.ts', 'oxlint.config.ts'], rules: { 'import/no-default-export': 'off' } },
    {
      files: ['src/**/*.test.ts', 'src/**/*.services.ts', 'src/**/*.browser.ts', 'test/**/*.ts'],
      rules: { 'typescript/no-explicit-any': 'off', 'max-lines': ['error', { max: 500, skipBlankLines: true, skipComments: true }] },
    },
    {
      files: [
        'test/support/connector/index.ts',
        'test/support/lethal/index.ts',
        'bench/support/trivial/index.ts',
        'bench/support/many/index.ts',
        'test/clients/fixtures/*/index.ts',
      ],
      rules: { 'import/no-default-export': 'off' },
    },
  ],
})
