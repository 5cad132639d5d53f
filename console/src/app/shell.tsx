import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { CircleHelp, Menu as MenuIcon, Search as SearchIcon, UserRound } from 'lucide-react'
import { Suspense, useMemo, useState } from 'react'
import { connection, signInPath, trpc, useConnection, useMe, workspace, workspacePath } from '#api'
import { Button, buttonClass, classes, Menu, Note, setLook, Skeleton, useKeys, useLook, useMedia, type Key } from '#ui'
import { useLive } from './live.ts'
import { KeysDialog } from './keys-dialog.tsx'
import { Palette } from './palette.tsx'
import { pages, type PageEntry } from './pages.ts'
import styles from './shell.module.css'
import { texts } from './texts.ts'
import { scopes } from '#client/scopes.ts'
import { allows } from '../../../src/lib/scopes.ts'
import { copyLink } from './copy-link.ts'

/** The frame: the bar on the left, what is said about the connection, and the page. */
export function Shell() {
  return (
    <Suspense fallback={<Skeleton rows={12} />}>
      <Frame />
    </Suspense>
  )
}

function Frame() {
  const navigate = useNavigate()
  const [isPaletteOpen, setPaletteOpen] = useState(false)
  const [areKeysOpen, setKeysOpen] = useState(false)
  const [isBarOpen, setBarOpen] = useState(false)
  const isNarrow = useMedia('(max-width: 900px)')
  const { pathname } = useLocation()
  useKeys(
    useMemo<readonly Key[]>(
      () => [
        { key: 'mod+k', label: texts.search, run: () => setPaletteOpen(true) },
        { key: '?', label: texts.keys, run: () => setKeysOpen(true) },
        { key: '.', label: 'Copy a link to what you see', run: () => void copyLink() },
        ...pages.map(({ path, title, key }) => ({
          key: `g ${key}`,
          label: `Go to ${title}`,
          run: () => void navigate({ to: path }),
        })),
      ],
      [navigate],
    ),
  )
  const [seenAt, setSeenAt] = useState(pathname)
  if (seenAt !== pathname) {
    setSeenAt(pathname)
    setBarOpen(false)
  }
  return (
    <div className={styles.frame}>
      <a href="#content" className={styles.skip}>
        {texts.skip}
      </a>
      {isNarrow ? (
        <header className={styles.top}>
          <Button kind="quiet" iconOnly icon={<MenuIcon aria-hidden />} aria-expanded={isBarOpen} onClick={() => setBarOpen(!isBarOpen)}>
            {texts.navigation}
          </Button>
          <span className={styles.brand}>IntegrationHub</span>
          <Button kind="quiet" iconOnly icon={<SearchIcon aria-hidden />} onClick={() => setPaletteOpen(true)}>
            {texts.search}
          </Button>
        </header>
      ) : null}
      {!isNarrow || isBarOpen ? <Bar onSearch={() => setPaletteOpen(true)} onKeys={() => setKeysOpen(true)} /> : null}
      <main id="content" className={styles.main}>
        <ConnectionNote />
        <Suspense fallback={<Skeleton rows={12} />}>
          <Outlet />
        </Suspense>
      </main>
      <Palette isOpen={isPaletteOpen} onClose={() => setPaletteOpen(false)} />
      <KeysDialog isOpen={areKeysOpen} onClose={() => setKeysOpen(false)} />
    </div>
  )
}

function Bar({ onSearch, onKeys }: { onSearch(): void; onKeys(): void }) {
  const me = useMe()
  return (
    <nav className={styles.bar} aria-label={texts.navigation}>
      <WorkspaceChoice />
      <button type="button" className={styles.search} onClick={onSearch}>
        <SearchIcon aria-hidden />
        <span>{texts.search}</span>
        <kbd>{isApple ? '⌘K' : 'Ctrl K'}</kbd>
      </button>
      <ul className={styles.entries}>
        {pages.map((entry) => (
          <li key={entry.path}>
            <Entry
              entry={entry}
              missing={
                entry.needs && !allows({ scopes: me.scopes, readOnly: me.read_only }, scopes[entry.needs]) ? scopes[entry.needs] : undefined
              }
            />
          </li>
        ))}
      </ul>
      <div className={styles.bottom}>
        <LookMenu name={me.name} />
        <Button kind="quiet" iconOnly icon={<CircleHelp aria-hidden />} onClick={onKeys}>
          {texts.keys}
        </Button>
      </div>
    </nav>
  )
}

const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent)

function Entry({ entry: { path, title, icon: Icon }, missing }: { readonly entry: PageEntry; readonly missing: string | undefined }) {
  if (missing !== undefined)
    return (
      <span className={styles.entry} aria-disabled title={`You lack the scope ${missing}`}>
        <Icon aria-hidden />
        {title}
        <span className="hidden-visually">{` (you lack the scope ${missing})`}</span>
      </span>
    )
  return (
    <Link to={path} className={styles.entry} activeProps={{ className: styles.active, 'aria-current': 'page' }}>
      <Icon aria-hidden />
      {title}
      {path === '/approvals' ? <OpenApprovals /> : null}
    </Link>
  )
}

/** How many approvals are open, of the first hundred. */
function OpenApprovals() {
  const options = trpc.approvals.list.queryOptions({ status: 'pending', limit: 100 })
  const { data } = useQuery(options)
  useLive(openKinds, options.queryKey)
  const number = data?.items.length ?? 0
  if (number === 0) return null
  return (
    <span className={styles.count}>
      {number >= 100 ? '100+' : number}
      <span className="hidden-visually"> open</span>
    </span>
  )
}

const openKinds = ['approval'] as const

function WorkspaceChoice() {
  const { workspaces } = useMe()
  return (
    <label className={styles.workspace}>
      <span className="hidden-visually">Workspace</span>
      <select value={workspace} onChange={(event) => location.assign(workspacePath(event.target.value))}>
        {workspaces.some(({ name }) => name === workspace) ? null : <option>{workspace}</option>}
        {workspaces.map(({ id, name }) => (
          <option key={id}>{name}</option>
        ))}
      </select>
    </label>
  )
}

function LookMenu({ name }: { readonly name: string }) {
  const look = useLook()
  const next = <const Value extends string>(values: readonly Value[], now: NoInfer<Value>): Value =>
    values[(values.indexOf(now) + 1) % values.length]!
  return (
    <Menu
      label={name}
      trigger={
        <button type="button" className={classes(styles.person)}>
          <UserRound aria-hidden />
          <span>{name}</span>
        </button>
      }
      items={[
        { label: `Theme: ${look.theme}`, onSelect: () => setLook({ theme: next(['system', 'light', 'dark'], look.theme) }) },
        { label: `Rows: ${look.density}`, onSelect: () => setLook({ density: next(['normal', 'compact'], look.density) }) },
        { label: `Times: ${look.times}`, onSelect: () => setLook({ times: next(['relative', 'local', 'utc'], look.times) }) },
        { label: 'Your account', onSelect: () => location.assign('/account') },
        { label: 'API reference', onSelect: () => window.open('/docs', '_blank', 'noopener') },
      ]}
    />
  )
}

function ConnectionNote() {
  const { lostAt, isSignedOut } = useConnection()
  if (isSignedOut)
    return (
      <div className={styles.note} role="alert">
        <Note tone="failed">
          {texts.signedOut}{' '}
          <a href={signInPath()} className={buttonClass()}>
            {texts.signIn}
          </a>
        </Note>
      </div>
    )
  if (lostAt === undefined) return null
  const since = new Date(lostAt).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })
  return (
    <div className={styles.note} role="status">
      <Note tone="waiting">{texts.lost(since)}</Note>
    </div>
  )
}

window.addEventListener('offline', () => connection.lost('stream'))
