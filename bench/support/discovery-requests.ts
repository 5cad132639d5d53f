/** What people ask for at work, with the tools that would be right. */
export interface Request {
  readonly query: string
  readonly tools: readonly string[]
}

/** Written before the words of the actions. Every second one is held out: only a pattern for emoji came from one that missed. */
const first = `
shut that ticket | github_close_issue jira_transition_issue
we're done with issue 41, close it as not planned | github_close_issue
did CI pass on main | github_list_check_runs github_list_workflow_runs
why is the build red | github_list_check_runs github_list_workflow_runs
have Anna look over PR 88 | github_request_reviewers
ask tom and the platform team for a code review | github_request_reviewers
LGTM the pull request | github_create_review
reject the PR, the tests are missing | github_create_review
ship PR 12 into main | github_merge_pull_request
squash and merge | github_merge_pull_request
open a PR from feature/login to develop | github_create_pull_request
i finished my branch, make a pull request please | github_create_pull_request
which PRs are waiting on me | github_list_pull_requests
any open merge requests on octo/web? | github_list_pull_requests
what did PR 9 change | github_get_pull_request_diff github_list_pull_request_files
show me the patch of #55 | github_get_pull_request_diff github_list_pull_request_files
is the PR mergeable or are there conflicts | github_get_pull_request
rename the pull request | github_update_pull_request
retarget PR 7 to the release branch | github_update_pull_request
what did the reviewers say about line 30 | github_list_review_comments github_list_reviews
has anybody approved it yet | github_list_reviews
file a bug: login page crashes on Safari | github_create_issue jira_create_issue
log a defect | github_create_issue jira_create_issue
new ticket in project OPS for the backup failure | jira_create_issue
make a story for the onboarding work | jira_create_issue
raise an incident ticket | jira_create_issue github_create_issue
PROJ-12 is finished | jira_transition_issue
start working on WEB-7 | jira_transition_issue
put ABC-123 in review | jira_transition_issue
what states can WEB-7 go to from here | jira_list_transitions
give DEV-99 to Maria | jira_assign_issue
who is on the hook for OPS-3? | jira_get_issue
take PROJ-4 off Bob's plate | jira_assign_issue
tell them on PROJ-12 that the fix is deployed | jira_add_comment
OPS-5 blocks OPS-9 | jira_link_issues
mark WEB-2 as a duplicate of WEB-1 | jira_link_issues
bump PROJ-77 to highest priority | jira_update_issue
change the due date of the ticket | jira_update_issue
get rid of TEST-1 completely | jira_delete_issue
what's on my plate in jira | jira_search_issues
all unresolved bugs in the mobile project | jira_search_issues
overdue tickets assigned to me | jira_search_issues
which jira projects do we have | jira_list_projects
what is the key of the Marketing project | jira_find_project
who leads project OPS | jira_get_project
can i make an epic in this project or only tasks | jira_list_issue_types
what columns does the project have, like todo, doing, done | jira_list_statuses github_list_project_fields
what is Anna's jira account id | jira_search_users
ping #ops that the deploy is done | slack_send_message zulip_send_message
let the team know standup is cancelled | slack_send_message zulip_send_message
DM Peter about the invoice | slack_notify_user zulip_send_direct_message
tell @maria her laptop arrived | slack_notify_user zulip_send_direct_message
reply in the thread | slack_send_message zulip_send_message
oops, fix the typo in what I just posted | slack_update_message zulip_update_message
take down that announcement | slack_delete_message zulip_delete_message
unsend my last message | slack_delete_message zulip_delete_message
remind the channel tomorrow at 9 | slack_schedule_message
post this on monday morning in #general | slack_schedule_message
give a thumbs up to his message | slack_add_reaction zulip_add_reaction
put a :tada: on it | slack_add_reaction zulip_add_reaction
take my emoji back | slack_remove_reaction zulip_remove_reaction
catch me up on #incidents | slack_get_channel_history zulip_list_messages
what are people saying in the support channel | slack_get_channel_history zulip_list_messages
what rooms exist | slack_list_channels zulip_list_streams
spin up a channel for the outage | slack_create_channel zulip_subscribe_to_stream
get Lea into #design | slack_invite_to_channel zulip_subscribe_to_stream
we do not need #old-project any more, close the channel | slack_archive_channel
link to this slack message for the ticket | slack_get_permalink
who is U02ABC in slack | slack_get_user
find the slack user of jane@acme.com | slack_find_user_by_email slack_get_user
who works here, list everybody in the workspace | slack_list_users zulip_list_users
share the report.pdf in #sales | slack_upload_file zulip_upload_file
attach the log file to the zulip conversation | zulip_upload_file
pop up a form for the user | slack_open_view
refresh the dialog with the result | slack_update_view
set the app home of Kim | slack_publish_view
shoot an email to bob@example.com | smtp_send
write the customer a mail with the contract attached | smtp_send
mail is not going out, is the SMTP login ok | smtp_verify
can we reach the mail server | smtp_verify
send a zulip message to stream devel | zulip_send_message
private message to two colleagues on zulip | zulip_send_direct_message
move the zulip conversation to another topic | zulip_update_message
join the zulip stream announcements | zulip_subscribe_to_stream
list all zulip streams | zulip_list_streams
what timezone is Jo in | slack_get_user zulip_get_user
call our internal REST endpoint | http_request
POST this JSON to https://api.acme.test/v1/orders | http_request
fetch the weather from an API | http_request
let claude summarize this text | anthropic_ask
have an AI classify the feedback | anthropic_ask openai_ask
ask gpt for a slogan | openai_ask
translate this paragraph to German with an llm | openai_ask anthropic_ask
let the research agent look into it and wait | managerq_ask_agent
hand a long job to the agent, I'll come back later | managerq_submit_task
is the agent's job finished | managerq_get_task
what automations do we have | hub_list_flows
run the weekly report flow | hub_trigger_flow
kick off the onboarding workflow of the hub with these parameters | hub_trigger_flow
did the flow run succeed | hub_get_run
where did my run get stuck | hub_get_run
what systems are hooked up | hub_list_integrations
which accounts am I connected to | hub_list_integrations
is the jira connection healthy | hub_get_integration_health
why do the slack calls keep failing | hub_get_integration_health hub_list_invocations
what did the agent do in the last hour, show past calls | hub_list_invocations
did I already send that | hub_list_invocations
the output was cut off, give me the rest | hub_read_result
show more of that truncated answer | hub_read_result
read the README of octo/web | github_get_contents
what's in the src folder | github_get_contents
edit config.yml in the repo | github_put_contents
push a small change to the changelog file | github_put_contents
where is parseDate used in our code | github_search_code
grep for TODO across the org | github_search_code
who broke main yesterday, recent changes | github_list_commits
git log of the last week | github_list_commits
what is in commit 3f2a9bc | github_get_commit
differences between v1.2 and v1.3 | github_compare_commits
how far is my branch behind main | github_compare_commits
make a branch hotfix-1 | github_create_branch
what branches are there | github_list_branches
is the main branch protected | github_get_branch github_list_branches
set up a new repo for the docs | github_create_repository
find a repo about payments | github_search_repositories
all repositories of the octo org | github_list_repositories
is octo/web private or public | github_get_repository
show open issues | github_list_issues jira_search_issues
issues with label bug from last month | github_list_issues jira_search_issues
read issue 12 | github_get_issue
reopen issue 5 | github_update_issue
assign issue 8 to lee in github | github_update_issue
tag the issue as urgent | github_label_issue jira_update_issue
remove the wontfix label | github_label_issue jira_update_issue
what labels can I use | github_list_labels
say thanks on the issue | github_create_issue_comment jira_add_comment
read the discussion under issue 30 | github_list_issue_comments
correct my comment on github | github_update_issue_comment
deploy to staging via actions | github_dispatch_workflow
trigger the nightly pipeline | github_dispatch_workflow hub_trigger_flow
last runs of the deploy workflow | github_list_workflow_runs
report a status check on the commit | github_create_check_run
what's the latest version we released | github_get_release github_list_releases
release notes of v2.0 | github_get_release
cut a release 1.4.0 | github_create_release
history of releases | github_list_releases
who is octocat | github_get_user
which github account am i using | github_get_user
how many api calls do I have left on github | github_get_rate_limit
what's on the project board | github_list_project_items
which boards does the team have on github | github_list_projects
list the custom fields of the github project | github_list_project_fields
please to inform all colleagues in chat about maintenance | slack_send_message zulip_send_message
i want see what tickets are opened by customer | jira_search_issues github_list_issues
make me possible to know who has changed this file | github_list_commits
its broken the mail, check please | smtp_verify
how I can give this task to other person | jira_assign_issue github_update_issue
hey could you grab the details of PROJ-42 for me real quick | jira_get_issue
details of WEB-1 | jira_get_issue
look up the bug about dark mode | jira_search_issues github_list_issues
aprove pull reqest 3 | github_create_review
creat isue | github_create_issue jira_create_issue
chat history of yesterday | slack_get_channel_history zulip_list_messages
send file to Anna | slack_upload_file smtp_send zulip_upload_file
notify the on-call engineer privately | slack_notify_user zulip_send_direct_message
email the minutes to everyone who attended | smtp_send
what did Jonas write in zulip | zulip_list_messages
add the new hire to the team channel | slack_invite_to_channel zulip_subscribe_to_stream
move the card to done | jira_transition_issue
comment on PR 14: needs rebase | github_create_issue_comment github_create_review
leave a remark on line 12 of app.ts in the pull request | github_create_review
lines changed per file in PR 20 | github_list_pull_request_files
ticket is invalid, cancel it | jira_transition_issue github_close_issue
put the story into the sprint in progress column | jira_transition_issue
subtask for PROJ-9 | jira_create_issue
`

/** Written after the first words, to find out which were missing; words were added for what missed. */
const second = `
nuke that ticket | jira_delete_issue
who's reviewing #301? | github_get_pull_request github_list_reviews github_list_pull_requests
somebody should take a look at my changes | github_request_reviewers
throw Dana on the review | github_request_reviewers
is 1f2e3d4 green? | github_list_check_runs
tests are flaky, what failed on my branch | github_list_check_runs github_list_workflow_runs
push the release button for 3.0 | github_create_release
spit out the stack trace file into #backend | slack_upload_file zulip_upload_file
give #random a heads-up about lunch | slack_send_message zulip_send_message
whisper to Kai that he's fired | slack_notify_user zulip_send_direct_message
what's the mood in #feedback today | slack_get_channel_history zulip_list_messages
scroll back in #infra | slack_get_channel_history zulip_list_messages
drop Omar a line | slack_notify_user zulip_send_direct_message smtp_send
contact the supplier at sales@vendor.com | smtp_send
forward this to legal@corp.com | smtp_send
punt OPS-44 back to the backlog | jira_transition_issue
OPS-44 is blocked | jira_transition_issue jira_update_issue jira_link_issues
grab BUG-9 for me | jira_assign_issue jira_get_issue
hand CORE-8 to the new guy | jira_assign_issue
what's happening with CORE-8 | jira_get_issue
sev1 tickets from this week | jira_search_issues
anything in the backlog about checkout? | jira_search_issues github_list_issues
who has the fewest tickets | jira_search_issues
note down in CORE-8 that we wait for the vendor | jira_add_comment
CORE-8 and CORE-9 are the same thing | jira_link_issues
set the estimate on CORE-8 to five points | jira_update_issue
capture this as a task so we do not forget | jira_create_issue github_create_issue
the printer is on fire, open something | jira_create_issue github_create_issue
wrong label on issue 8, take it off | github_label_issue
is issue 8 still open | github_get_issue
who opened issue 8 | github_get_issue
bring issue 8 back to life | github_update_issue
tell the author of PR 5 to rebase | github_create_issue_comment github_create_review
pull request 5 looks good to me | github_create_review
get PR 5 in | github_merge_pull_request
how large is PR 5 | github_get_pull_request github_list_pull_request_files
which files are touched in 5 | github_list_pull_request_files
send my branch fix-typo for merging | github_create_pull_request
does a branch called dev exist | github_get_branch github_list_branches
what landed on main this week | github_list_commits
what's new since v3 | github_compare_commits github_get_release github_list_releases
look inside Dockerfile | github_get_contents
bump the version number in package.json | github_put_contents
find where we call the payment gateway | github_search_code
does octo have a repo for terraform | github_search_repositories github_list_repositories
roll out the new build to prod | github_dispatch_workflow
is the deployment still running | github_list_workflow_runs
am I being throttled by GitHub | github_get_rate_limit
what's everyone doing this iteration on the board | github_list_project_items
curl the health endpoint of our shop | http_request
query stripe for the last invoice | http_request
make the text friendlier | openai_ask anthropic_ask
is this review positive or negative | openai_ask anthropic_ask
have the coding agent fix it overnight | managerq_submit_task
any word from the agent on task 77 | managerq_get_task
which jobs can I automate here | hub_list_flows
start the invoice routine with month=May | hub_trigger_flow
how did run run_abc123 end | hub_get_run
do we have Slack set up | hub_list_integrations
jira keeps timing out | hub_get_integration_health
was that email actually sent by you earlier | hub_list_invocations
keep going, you stopped in the middle of the output | hub_read_result
heart that message | slack_add_reaction zulip_add_reaction
I spelled it wrong in the channel, correct it | slack_update_message zulip_update_message
start a room for the Paris launch | slack_create_channel zulip_subscribe_to_stream
kill the #xmas channel | slack_archive_channel
pull Ines and Raj into #launch | slack_invite_to_channel zulip_subscribe_to_stream
what's the email of Ines | slack_get_user slack_list_users zulip_get_user zulip_list_users jira_search_users
queue this for friday 5pm in #general | slack_schedule_message
give me an URL for that post | slack_get_permalink
show a popup asking for the reason | slack_open_view
are our mails bouncing | smtp_verify
follow the zulip stream #design | zulip_subscribe_to_stream
welche Tickets sind offen | jira_search_issues github_list_issues
`

/** Written after all words, without looking at them. */
const third = `
WEB-19: customer confirmed, all good now | jira_transition_issue jira_add_comment
is anyone on WEB-19? | jira_get_issue
escalate WEB-19 | jira_update_issue
Sophie goes on vacation, move her tickets to Ben | jira_assign_issue
which tickets did QA send back this week | jira_search_issues
I need something tracked: replace TLS certificates before June | jira_create_issue github_create_issue
tickets about login | jira_search_issues github_list_issues
explain in WEB-19 why we postponed | jira_add_comment
WEB-19 depends on WEB-20 | jira_link_issues
remove the test tickets we made, TST-4 for instance | jira_delete_issue
do we call it Task or Work Item in project HR? | jira_list_issue_types
does the QA stage exist in project HR | jira_list_statuses
jira key for the Human Resources project please | jira_find_project
thread reply: works for me | slack_send_message zulip_send_message
wish Laura happy birthday in #social | slack_send_message zulip_send_message
quietly tell Laura her access was revoked | slack_notify_user zulip_send_direct_message
what did Laura answer in #social | slack_get_channel_history zulip_list_messages
my announcement has the wrong date | slack_update_message zulip_update_message
revoke what the bot said in #social | slack_delete_message zulip_delete_message
at 8am tomorrow tell #social the office is closed | slack_schedule_message
confirm with a checkmark emoji | slack_add_reaction zulip_add_reaction
is there somewhere we talk about hiring? | slack_list_channels zulip_list_streams
Laura should be part of #hiring | slack_invite_to_channel zulip_subscribe_to_stream
upload screenshot.png to the thread | slack_upload_file zulip_upload_file
where in the world is Laura right now, time wise | slack_get_user zulip_get_user
who is laura@firm.io on slack | slack_find_user_by_email slack_get_user
complete directory of our people | slack_list_users zulip_list_users
mail laura@firm.io the agenda | smtp_send
send our candidate an offer letter | smtp_send slack_upload_file
outlook says undelivered, is our mail setup fine | smtp_verify
rewrite README.md introduction and commit it | github_put_contents
open src/index.ts in octo/web | github_get_contents
who touched payment.py last | github_list_commits
octo/web: failing checks on main | github_list_check_runs github_list_workflow_runs
re-run the integration test workflow | github_dispatch_workflow
compare staging to production branch | github_compare_commits
start branch spike/redis off develop | github_create_branch
PR for spike/redis | github_create_pull_request github_list_pull_requests
my PR 31 needs two more eyes | github_request_reviewers
31 has conflicts? | github_get_pull_request
I don't agree with PR 31, request changes | github_create_review
PR 31 approved? | github_list_reviews
PR 31 abandoned, close it | github_update_pull_request
what suggestions were left in the code of PR 31 | github_list_review_comments
issue 77 is a question, mark it so | github_label_issue github_update_issue
stale bug reports in octo/web | github_list_issues
answer the person who wrote issue 77 | github_create_issue_comment
last message under issue 77 | github_list_issue_comments
dupe of 76, close 77 | github_close_issue
tag v4 and write what changed | github_create_release
any tool in our org that parses invoices? repo | github_search_repositories github_list_repositories github_search_code
what is left on the roadmap board for Q3 | github_list_project_items
use our billing API to look up customer 99 | http_request
turn these notes into a friendly paragraph | anthropic_ask openai_ask
agent should investigate the memory leak, no hurry | managerq_submit_task
did the agent come back with something | managerq_get_task
launch offboarding flow for Laura | hub_trigger_flow
why did yesterday's flow crash | hub_get_run hub_list_invocations
can you access our zulip | hub_list_integrations
what have you done for me today | hub_list_invocations
slack integration got switched off, why | hub_get_integration_health
there was more in that list, continue | hub_read_result
`

const all = parse(first)

export const requests: Readonly<Record<string, readonly Request[]>> = {
  dev: [...all.filter((_, at) => at % 2 === 0), ...parse(second)],
  'held-out': all.filter((_, at) => at % 2 === 1),
  fresh: parse(third),
}

function parse(text: string): Request[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [query = '', tools = ''] = line.split(' | ')
      return { query, tools: tools.split(' ') }
    })
}
