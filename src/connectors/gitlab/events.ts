/** The events of GitLab's webhooks, by their `object_kind`. Others are accepted too, under GitLab's names. */
export const events: Readonly<Record<string, string>> = {
  access_token: 'An access token of a project or group is about to expire.',
  build: 'A job of a pipeline has a new status.',
  deployment: 'A deployment started, succeeded, failed or was cancelled.',
  emoji: 'An emoji reaction was added or removed.',
  feature_flag: 'A feature flag was switched on or off.',
  issue: 'An issue was opened, changed, closed or reopened.',
  member: 'A member joined, left or got another role.',
  merge_request: 'A merge request was opened, changed, approved, merged or closed.',
  milestone: 'A milestone was created, closed, reopened or deleted.',
  note: 'An issue, a merge request, a commit or a snippet was commented on.',
  pipeline: 'A pipeline has a new status.',
  push: 'Commits were pushed to a branch.',
  release: 'A release was created, changed or deleted.',
  tag_push: 'A tag was created or deleted.',
  wiki_page: 'A page of the wiki was created, changed or deleted.',
  work_item: 'A work item, such as a task or an epic, was opened, changed or closed.',
}
