import { z } from 'zod'
import { path } from '#kit'
import { github } from '../declaration.ts'
import { page } from '../pages.ts'
import { branchName, listOf, paging, repository } from '../shapes.ts'

const checkShape = z.object({
  id: z.number(),
  name: z.string(),
  status: z.string(),
  conclusion: z.string().nullish(),
  head_sha: z.string(),
  html_url: z.string().nullish(),
  started_at: z.string().nullish(),
  completed_at: z.string().nullish(),
  output: z.object({ title: z.string().nullish(), summary: z.string().nullish() }).optional(),
})

const runShape = z.object({
  id: z.number(),
  name: z.string().nullish(),
  status: z.string().nullish(),
  conclusion: z.string().nullish(),
  event: z.string(),
  head_branch: z.string().nullish(),
  head_sha: z.string(),
  run_number: z.number(),
  html_url: z.string(),
  created_at: z.string(),
})

const example = { owner: 'octocat', repo: 'hello-world' }

const listCheckRuns = github.action({
  title: 'List check runs',
  description:
    'Lists the checks of a commit with their outcome. Use it to see whether a commit or pull request passed, and what failed. Returns name, status, conclusion and summary of each.',
  words:
    'ci, did ci pass, ci status, checks, status checks, is the build green, build status, build failed, why is the build red, did the tests pass, are the tests passing, failing tests, failing checks, is the commit ok, pipeline result, is main green, what failed, is it green, is the pr green, ci results, what is failing, did lint pass, test results, checks of a pr, is the commit passing, flaky tests, are all checks ok, did it compile, does it build, did the build break, errors in ci, red checks, coverage check, test status',
  effect: 'read',
  example: { ...example, ref: 'main' },
  input: z.strictObject({
    ...repository,
    ref: branchName.describe('Branch, tag or SHA.'),
    status: z.enum(['queued', 'in_progress', 'completed']).optional().describe('Only checks in this state.'),
    ...paging,
  }),
  output: listOf(checkShape),
  run: async ({ input, http }) => {
    const place = path`/repos/${input.owner}/${input.repo}/commits/${input.ref}/check-runs`
    const { data, next } = await page<{ check_runs: z.input<typeof checkShape>[] }>({ http, input }, place, { status: input.status })
    return { items: data.check_runs, ...next }
  },
})

const createCheckRun = github.action({
  title: 'Create a check run',
  description:
    'Creates a check on a commit, with its outcome. Use it to report an analysis next to the code; only GitHub Apps can do this. Returns the check with its id.',
  words:
    'report a check, create a check, publish a check result, post a status to a commit, set a commit status, mark the commit as passed, mark the check as failed, add an analysis result to a commit, put a check on the commit, green check mark on the commit, report the scan result, register a check, show a result next to the code, write a status to the sha',
  effect: 'write',
  example: { ...example, name: 'review', head_sha: 'aa218f56b14c9653891f9e74264a383fa43fefbd', conclusion: 'success' },
  input: z.strictObject({
    ...repository,
    name: z.string().min(1).max(200).describe('Name of the check.'),
    head_sha: z
      .string()
      .regex(/^[0-9a-f]{40,64}$/, 'must be a complete SHA')
      .describe('The commit that was checked.'),
    status: z.enum(['queued', 'in_progress', 'completed']).optional().describe('State; completed when a conclusion is given.'),
    conclusion: z
      .enum(['success', 'failure', 'neutral', 'cancelled', 'skipped', 'timed_out', 'action_required'])
      .optional()
      .describe('Outcome.'),
    details_url: z.url().optional().describe('Where to read more.'),
    output: z
      .strictObject({ title: z.string().max(255).describe('Title.'), summary: z.string().max(65_535).describe('Summary in Markdown.') })
      .optional()
      .describe('What it found.'),
  }),
  output: checkShape,
  run: ({ input: { owner, repo, ...body }, http }) => http.post(path`/repos/${owner}/${repo}/check-runs`, body),
})

const listWorkflowRuns = github.action({
  title: 'List workflow runs',
  description:
    'Lists runs of GitHub Actions, of the repository or of one workflow. Use it to see the latest runs on a branch and their results. Returns state, conclusion, branch and address of each.',
  words:
    'github actions, action runs, workflow runs, pipeline runs, ci runs, latest builds, build history, last deploy, did the deployment succeed, is the pipeline running, runs of the nightly job, failed builds, jobs that ran, is the deployment still running, when did we last deploy, how did the nightly build go, did the nightly run, status of the workflow, past builds, running jobs, ci history, which runs failed, was it deployed, deployment history, how long did the build take, latest pipeline',
  effect: 'read',
  example,
  input: z.strictObject({
    ...repository,
    workflow: z.string().min(1).max(200).optional().describe('File name or id of a workflow, e.g. ci.yml; all when left out.'),
    branch: branchName.optional().describe('Only runs on this branch.'),
    status: z.string().max(30).optional().describe('Only runs in this state or with this conclusion.'),
    ...paging,
  }),
  output: listOf(runShape),
  run: async ({ input, http }) => {
    const { owner, repo, workflow, branch, status } = input
    const place =
      workflow === undefined ? path`/repos/${owner}/${repo}/actions/runs` : path`/repos/${owner}/${repo}/actions/workflows/${workflow}/runs`
    const { data, next } = await page<{ workflow_runs: z.input<typeof runShape>[] }>({ http, input }, place, { branch, status })
    return { items: data.workflow_runs, ...next }
  },
})

const dispatchWorkflow = github.action({
  title: 'Start a workflow',
  description:
    'Starts a workflow of GitHub Actions that has a workflow_dispatch trigger. Use it to deploy or to run a job on demand. Returns a confirmation; list its runs to follow it.',
  words:
    'run a workflow, start a workflow, trigger the pipeline, kick off a build, run the action, deploy, deploy to production, deploy to staging, start the job, launch ci, run the tests in ci, rerun the build, trigger github actions, roll out, roll out the build, start a build, start the deployment, release to prod, run ci again, re-run, retry the build, redeploy, deploy the app, push to production, trigger a build, execute the workflow, launch a job, run the nightly now, build it, put it live, run the tests',
  effect: 'write',
  example: { ...example, workflow: 'deploy.yml', ref: 'main' },
  input: z.strictObject({
    ...repository,
    workflow: z.string().min(1).max(200).describe('File name or id, e.g. deploy.yml.'),
    ref: branchName.describe('Branch or tag to run on.'),
    inputs: z.record(z.string(), z.string()).optional().describe('Inputs that the workflow declares.'),
  }),
  output: z.object({ started: z.literal(true) }),
  run: async ({ input: { owner, repo, workflow, ref, inputs }, http }) => {
    await http.post(path`/repos/${owner}/${repo}/actions/workflows/${workflow}/dispatches`, { ref, inputs })
    return { started: true as const }
  },
})

export const checkActions = {
  list_check_runs: listCheckRuns,
  create_check_run: createCheckRun,
  list_workflow_runs: listWorkflowRuns,
  dispatch_workflow: dispatchWorkflow,
}
