import { openDatabase } from '#db'
import { testTelemetry } from '../support/telemetry.ts'

/** A process that owns the embedded database in the folder it is told, until it is killed. */
await openDatabase({ dataDir: process.argv[2]!, poolSize: 2, mode: 'serve' }, testTelemetry())
process.stdout.write('ready\n')
process.stdin.resume()
