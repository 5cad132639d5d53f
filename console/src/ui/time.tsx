import { useEffect, useState } from 'react'
import { useLook } from './look.ts'

const units: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
]
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })
const local = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const short = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' })

export function relativeTime(time: number, now = Date.now()): string {
  const difference = time - now
  const [unit, size] = units.find(([, ms]) => Math.abs(difference) >= ms) ?? ['second', 1000]
  return relative.format(Math.trunc(difference / size), unit)
}

/** A time as the person chose to read times; the tooltip has both local time and UTC. */
export function Time({ at }: { readonly at: string }) {
  const { times } = useLook()
  const now = useNow()
  const date = new Date(at)
  const text =
    times === 'relative' ? relativeTime(date.getTime(), now) : times === 'local' ? short.format(date) : at.replace(/\.\d+Z$/, 'Z')
  return (
    <time dateTime={at} title={`${local.format(date)}\n${date.toISOString()}`}>
      {text}
    </time>
  )
}

/** 980 ms, 12.4 s, 3 min 5 s, 2 h 4 min. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes} min ${Math.round((ms % 60_000) / 1000)} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

const watchers = new Set<(now: number) => void>()
setInterval(() => {
  if (document.hidden) return
  const now = Date.now()
  watchers.forEach((watcher) => watcher(now))
}, 10_000)

/** The present time, which changes every ten seconds. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    watchers.add(setNow)
    return () => void watchers.delete(setNow)
  }, [])
  return now
}
