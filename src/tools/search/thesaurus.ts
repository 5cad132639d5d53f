import { wordsOf } from './words.ts'

/**
 * Words of general English that people use for the same thing, one group in a line. The names of an outside system's own things are in
 * the `words` of its connector's actions.
 */
const groups = `
close, shut, resolve, finish, complete, done, conclude, wrap up, close out, settle, finalize
create, make, new, build, generate, set up, spin up, put together, establish, prepare, draft, add, open up
delete, remove, erase, wipe, destroy, get rid, discard, trash, throw away, take down, purge, nuke, drop
edit, change, update, modify, correct, adjust, alter, amend, revise, tweak, replace, reword, fix
rename, retitle, call differently, new name
show, get, read, view, see, display, fetch, grab, pull up, look at, inspect, retrieve, bring up, give me, open
detail, information, info, about, describe, facts
list, all, every, which, available, overview, enumerate, exist
find, search, look for, look up, lookup, locate, seek, hunt, discover, where
send, post, write, share, publish, deliver, shoot, fire off, send out, submit
tell, inform, notify, ping, message, let know, alert, heads up, drop a line, reach out, contact, shout
announce, announcement, broadcast, tell everyone, news
reply, answer, respond, response, get back, write back
ask, question, inquire, request, query
review, look over, go over, go through, check over, read through, second pair, proofread, vet
approve, accept, sign off, ok, okay, confirm, greenlight, endorse, approval
reject, decline, refuse, deny, turn down, request changes, veto
assign, hand over, delegate, hand off, pass on, reassign, allocate, responsible, assignee, in charge, on the hook, give to
unassign, take off, relieve, free
start, begin, launch, run, trigger, kick off, execute, fire, initiate, get going, invoke, rerun
stop, cancel, abort, halt, terminate, call off
move, transfer, shift, put, push, drag, bring, set
join, subscribe, follow, enter, sign up, enrol
invite, include, bring in, get into, let in, add to
undo, revert, take back, withdraw, retract, unsend, roll back
reopen, open again, bring back, resurrect, not done
archive, retire, shelve, mothball, put away, clean up
file, document, attachment, pdf, doc, spreadsheet, csv, attach, upload
picture, image, photo, screenshot, screen shot, graphic
status, state, progress, stage, situation, where stand
bug, defect, error, problem, fault, crash, incident, outage, glitch, trouble
fail, break, broke, broken, red, wrong, failure, crash, not work, down
pass, green, succeed, success, healthy, fine, okay, work, good
ticket, issue, case
task, todo, to do, job, assignment, work item, chore, action item
someone, somebody, person, people, colleague, user, member, teammate, coworker, employee, anyone, guy, human, individual, customer
everyone, everybody, team, group, staff, crew, folks, all people, company, colleagues
channel, room, chat, conversation
email, mail, inbox, letter
direct message, dm, private message, privately, direct, one on one, personal
overdue, late, deadline, due, due date, past due
urgent, critical, priority, important, asap, severity, top
compare, difference, diff, versus, vs, between
history, log, past, previous, earlier, so far, before
latest, newest, current, recent, last, lately, most recent, today, yesterday
later, schedule, tomorrow, tonight, monday, tuesday, wednesday, thursday, friday, saturday, sunday, next week, morning, afternoon, evening, future, timed, delay, noon
remind, reminder, do not forget, follow up
link, url, address, permalink, web address, hyperlink
connect, relate, link, tie, associate, depend, dependency
block, blocker, prevent, hold up, stuck, waiting on
duplicate, same as, copy, double, twin
repository, repo, codebase
owner, lead, leader, manager, responsible, in charge, belong, head
author, who wrote, who changed, who did, by whom
react, emoji, reaction, thumb, smiley, like, emoticon
connected, hooked up, linked, integrated, configured, plugged in, set up, integration, connection
flow, automation, workflow, routine, playbook, recipe, automate, procedure
ai, llm, model, language model, assistant, bot
version, release
deploy, roll out, ship, go live, deployment, rollout, release
rest, remaining, remainder, more, continue, left, next part, next page
truncate, cut off, incomplete, cut short, shorten, missing
summarize, summary, recap, digest, tldr, sum up, condense, boil down
translate, translation, german, french, spanish, english, language
catch up, what happened, what did i miss, missed, fill in, bring up to speed
label, tag, categorize, mark
code, source, function, script, program
comment, note, remark, feedback, annotate, weigh in
check, verify, test, validate, make sure, confirm, make certain
build, pipeline, ci, compile
popup, modal, dialog, form, pop up, window
merge, combine, land, integrate, pull in, bring together
branch, line of work
folder, directory, path
quota, limit, allowance, throttle, budget, usage
time zone, timezone, local time, what time
profile, account, who is, identity
plan, planned, roadmap, planning, sprint, iteration
board, kanban, column, lane
type, kind, sort, category
wait, pending, outstanding, await, queue
description, text, body, content
title, subject, headline, heading, name
cancel, invalid, not needed, obsolete, drop, dismiss, abandon
big, size, large, huge, lines
leave, exit, quit
public, private, visible, visibility
api, endpoint, web service, url, http, rest
call, hit, query, reach
health, healthy, alive, up and running, ok, available, down
permission, access, allowed, right
`

export interface Thesaurus {
  /** The groups that the words belong to, each with a name that no stem has. */
  conceptsOf(stems: readonly string[]): ReadonlySet<string>
}

interface Entry {
  readonly stems: readonly string[]
  readonly concept: string
}

/** How many words may stand within an expression: "look it over". */
const mostBetween = 2

export const person = '~someone'

export function createThesaurus(): Thesaurus {
  const byFirst = new Map<string, Entry[]>()
  for (const line of groups.trim().split('\n')) {
    const expressions = line.split(',').map((expression) => wordsOf(expression).map(({ stem }) => stem))
    const concept = `~${line.split(',', 1)[0]!}`
    for (const stems of expressions) {
      const first = stems[0]!
      byFirst.set(first, [...(byFirst.get(first) ?? []), { stems, concept }])
    }
  }

  return {
    conceptsOf(stems) {
      const found = new Set<string>()
      stems.forEach((stem, at) => {
        for (const entry of byFirst.get(stem) ?? []) if (follows(stems, at, entry.stems)) found.add(entry.concept)
      })
      return found
    },
  }
}

/** Whether the words of an expression follow each other from `at`, with few words between them. */
function follows(stems: readonly string[], at: number, wanted: readonly string[]): boolean {
  let place = at
  for (const stem of wanted.slice(1)) {
    const next = stems.indexOf(stem, place + 1)
    if (next === -1 || next > place + 1 + mostBetween) return false
    place = next
  }
  return true
}
