-- Flows, their runs and steps, schedules, approvals.

create table flows (
  id text primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  -- What its definition calls it.
  name text not null,
  version integer not null,
  enabled boolean not null,
  origin text not null check (origin in ('user', 'ready')),
  -- With whose rights it runs: those of who saved it last.
  actor text not null,
  scopes text[] not null,
  read_only boolean not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (workspace_id, name)
);

-- A version is never changed, so a run goes by it however the flow is edited meanwhile. Kept while the flow is there, or a run of it.
create table flow_versions (
  flow_id text not null,
  version integer not null,
  workspace_id text not null,
  definition jsonb not null,
  source text not null,
  digest text not null,
  actor text not null,
  created_at timestamptz not null default now(),
  primary key (flow_id, version)
);

create table flow_runs (
  id text primary key,
  workspace_id text not null,
  flow_id text not null,
  flow text not null,
  version integer not null,
  status text not null check (status in ('queued', 'running', 'waiting', 'completed', 'failed', 'cancelled', 'skipped', 'parked')),
  -- What started it: {kind: call | event | schedule | bus | flow | replay, …}.
  trigger jsonb not null,
  -- The event is kept once, where events are.
  event_id text,
  parameters jsonb not null,
  outputs jsonb,
  error jsonb,
  actor text not null,
  scopes text[] not null,
  read_only boolean not null,
  dry_run boolean not null default false,
  -- The run that this one repeats, and whose outputs it takes where it is a dry run.
  replay_of text,
  parent_run text,
  parent_path text,
  depth integer not null default 0,
  concurrency_key text,
  -- How often it was taken up: each time is a run of the engine's, under an id with this number.
  segment integer not null default 0,
  -- Something that it waits for came while it was under way.
  nudged boolean not null default false,
  cancelling boolean not null default false,
  -- When a waiting run goes on at the latest, and a queued one may be looked at again.
  wake_at timestamptz,
  deadline_at timestamptz,
  created_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz
);
create index on flow_runs (workspace_id, id desc);
create index on flow_runs (workspace_id, flow, id desc);
create index on flow_runs (wake_at) where status in ('waiting', 'queued');
create index on flow_runs (flow_id, concurrency_key) where status in ('queued', 'running', 'waiting');
create index on flow_runs (event_id) where finished_at is null;
create index on flow_runs (parent_run) where parent_run is not null;

create table flow_steps (
  run_id text not null references flow_runs (id) on delete cascade,
  -- Where in the run: `review`, `each/3/comment`.
  path text not null,
  step text not null,
  kind text not null,
  status text not null check (status in ('running', 'waiting', 'completed', 'failed', 'skipped')),
  input jsonb,
  output jsonb,
  error jsonb,
  attempts integer not null default 1,
  -- Part of the key of its tool call: another one only where the call is known to have failed and is meant anew.
  key_no integer not null default 0,
  invocation_id text,
  -- Until when it waits.
  until timestamptz,
  started_at timestamptz not null,
  finished_at timestamptz,
  primary key (run_id, path)
);

create table flow_schedules (
  flow_id text not null references flows (id) on delete cascade,
  place integer not null,
  cron text not null,
  timezone text not null,
  missed text not null,
  parameters jsonb not null,
  next_at timestamptz,
  primary key (flow_id, place)
);
create index on flow_schedules (next_at);

create table approvals (
  id text primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  status text not null default 'pending' check (status in ('pending', 'approved', 'rejected', 'expired', 'used')),
  message text not null,
  -- Who may decide: actors or scopes. Null: whoever may decide approvals.
  deciders text[],
  -- The one call it covers: the tool, its definition's digest, the integration, and the digest of the input.
  call jsonb,
  call_digest text,
  run_id text,
  path text,
  asked_by text not null,
  decided_by text,
  comment text,
  -- The idempotency key of the call that used it: under that key it may be made again, otherwise never.
  used_key text,
  used_at timestamptz,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  decided_at timestamptz
);
create index on approvals (workspace_id, id desc);
-- Who asks the same again while nobody has decided is given the question that is there.
create unique index on approvals (workspace_id, asked_by, coalesce(call_digest, ''), coalesce(run_id, ''), coalesce(path, ''))
  where status = 'pending' and (call_digest is not null or run_id is not null);
create index on approvals (run_id) where run_id is not null;
create index on approvals (expires_at) where status = 'pending';
