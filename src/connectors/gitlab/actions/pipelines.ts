import { z } from 'zod'
import { path } from '#kit'
import { gitlab } from '../declaration.ts'
import { list } from '../pages.ts'
import { listOf, paging, pipelineShape, project, ref } from '../shapes.ts'

type Pipeline = z.input<typeof pipelineShape>

const one = { project, pipeline_id: z.number().int().min(1).describe('Id of the pipeline.') }
const example = { project: 'octo-group/hello-world', pipeline_id: 1 }
const placeOf = (input: { project: string; pipeline_id: number }): string => path`/projects/${input.project}/pipelines/${input.pipeline_id}`
const statuses = [
  'created',
  'waiting_for_resource',
  'preparing',
  'pending',
  'running',
  'success',
  'failed',
  'canceled',
  'skipped',
  'manual',
  'scheduled',
] as const

const listPipelines = gitlab.action({
  title: 'List pipelines',
  description:
    'Lists pipelines of a GitLab project, newest first, by branch, commit or status. Use it to see whether GitLab CI passed. Returns id, status, branch, commit and address of each.',
  words:
    'gitlab pipelines, gitlab ci, did the gitlab pipeline pass, gitlab ci status, failed gitlab pipelines, gitlab builds, pipelines of the merge request branch',
  effect: 'read',
  example: { project: 'octo-group/hello-world' },
  input: z.strictObject({
    project,
    ref: ref.optional().describe('Only of this branch or tag.'),
    sha: z.string().min(7).max(64).optional().describe('Only of this commit.'),
    status: z.enum(statuses).optional().describe('Only in this state.'),
    ...paging,
  }),
  output: listOf(pipelineShape),
  run: ({ input, http }) =>
    list<Pipeline>({ http, input }, path`/projects/${input.project}/pipelines`, { ref: input.ref, sha: input.sha, status: input.status }),
})

const getPipeline = gitlab.action({
  title: 'Get a pipeline',
  description:
    'Gets one pipeline of a GitLab project with its status, times and coverage. Use it to follow a pipeline. Returns those and its address.',
  words:
    'gitlab pipeline details, status of the gitlab pipeline, is the gitlab pipeline finished, how long did the gitlab pipeline take, gitlab pipeline coverage',
  effect: 'read',
  example,
  input: z.strictObject(one),
  output: pipelineShape,
  run: ({ input, http }) => http.get(placeOf(input)),
})

const retryPipeline = gitlab.action({
  title: 'Retry a pipeline',
  description:
    'Runs the failed and cancelled jobs of a GitLab pipeline again. Use it after a flaky failure; jobs that passed are not repeated. Returns the pipeline with its new status.',
  words: 'retry the gitlab pipeline, rerun gitlab ci, run the failed gitlab jobs again, restart the gitlab pipeline, gitlab build again',
  effect: 'write',
  // Jobs may have failed again in between, and a repetition would run those once more.
  idempotent: false,
  example,
  input: z.strictObject(one),
  output: pipelineShape,
  run: ({ input, http }) => http.post(`${placeOf(input)}/retry`),
})

const cancelPipeline = gitlab.action({
  title: 'Cancel a pipeline',
  description:
    'Cancels the jobs of a GitLab pipeline that have not finished. Use it to stop a build that is not needed. Returns the pipeline with its status.',
  words: 'cancel the gitlab pipeline, stop the gitlab pipeline, abort gitlab ci, stop the gitlab build, kill the gitlab jobs',
  effect: 'write',
  idempotent: true,
  example,
  input: z.strictObject(one),
  output: pipelineShape,
  run: ({ input, http }) => http.post(`${placeOf(input)}/cancel`, undefined, { repeatable: 'state' }),
})

export const pipelineActions = {
  list_pipelines: listPipelines,
  get_pipeline: getPipeline,
  retry_pipeline: retryPipeline,
  cancel_pipeline: cancelPipeline,
}
