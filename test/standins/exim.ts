import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, until } from '../faults/index.ts'

const command = '/usr/sbin/exim4'

export function hasExim(): boolean {
  return existsSync(command) && process.getuid?.() === 0
}

export interface Exim extends AsyncDisposable {
  readonly port: number
  /** What a client has to trust. */
  readonly certificate: string
  readonly login: { readonly username: string; readonly password: string }
  mails(): string[]
}

/** A real mail server: Debian's exim, with STARTTLS, a login, refusals, deferrals and a limit of size, delivering into a folder. */
export async function startExim(): Promise<Exim> {
  const folder = mkdtempSync(join(tmpdir(), 'hub-exim-'))
  const port = await freePort()
  const login = { username: 'ada', password: 'exim-password-0123' }
  for (const name of ['spool', 'log', 'box']) mkdirSync(join(folder, name), { mode: 0o777 })
  const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', certificate, ...subject],
    { stdio: 'pipe' },
  )
  const config = join(folder, 'exim.conf')
  writeFileSync(config, configuration(folder, port, login))
  execFileSync('chmod', ['-R', 'a+rX', folder])
  execFileSync('chown', ['-R', 'Debian-exim', join(folder, 'spool'), join(folder, 'log'), join(folder, 'box'), key])
  const child = spawn(command, ['-C', config, '-bdf', '-q1m'], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await until(
    'exim answers',
    () =>
      new Promise<boolean>((resolve, reject) => {
        if (child.exitCode !== null) reject(new Error(`exim ended: ${said}`))
        const socket = createConnection(port, '127.0.0.1')
        socket.once('data', () => resolve(true)).once('error', () => resolve(false))
        socket.once('data', () => socket.destroy())
      }),
    15_000,
  )
  const box = join(folder, 'box', 'new')
  return {
    port,
    login,
    certificate: readFileSync(certificate, 'utf8'),
    mails: () => (existsSync(box) ? readdirSync(box).map((name) => readFileSync(join(box, name), 'utf8')) : []),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        child.once('close', () => {
          rmSync(folder, { recursive: true, force: true })
          resolve()
        })
        child.kill('SIGTERM')
      }),
  }
}

function configuration(folder: string, port: number, { username, password }: Exim['login']): string {
  return `primary_hostname = localhost
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port}
spool_directory = ${folder}/spool
log_file_path = ${folder}/log/%slog
pid_file_path = ${folder}/spool/exim.pid
tls_advertise_hosts = *
tls_certificate = ${folder}/cert.pem
tls_privatekey = ${folder}/key.pem
message_size_limit = 100K
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data
begin acl
acl_rcpt:
  deny message = Relay not permitted
    !authenticated = *
  deny message = No such user here
    local_parts = nobody
  defer message = Try again later
    local_parts = later
  accept
acl_data:
  accept
begin routers
everybody:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  directory = ${folder}/box
  maildir_format
  user = Debian-exim
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{$auth2}{${username}}}{eq{$auth3}{${password}}}}}
  server_set_id = $auth2
  server_advertise_condition = \${if def:tls_in_cipher}
`
}
