-- Integrations, the journal of tool calls, shared rate limits, policies.

create table integrations (
  id text primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  name text not null,
  connector text not null,
  auth_type text not null,
  -- By name: the credential itself may be in Vault, and may be replaced there.
  credential text,
  config jsonb not null default '{}',
  enabled boolean not null default true,
  status text not null default 'active' check (status in ('active', 'inactive', 'error')),
  -- Who made it: a user, the environment's variables, or a credential of a well-known name.
  origin text not null check (origin in ('user', 'environment', 'credential')),
  success_count bigint not null default 0,
  error_count bigint not null default 0,
  consecutive_errors integer not null default 0,
  last_error jsonb,
  last_error_at timestamptz,
  last_success_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (workspace_id, name)
);

create table invocations (
  id text primary key,
  workspace_id text not null,
  tool text not null,
  connector text not null,
  effect text not null,
  integration_id text,
  integration text,
  door text not null,
  actor text not null,
  key text,
  -- Of tool, integration and input: the same key with another digest is another call.
  digest text not null,
  status text not null check (status in ('queued', 'running', 'completed', 'failed', 'outcome_unknown')),
  input jsonb,
  output jsonb,
  error jsonb,
  attempts integer not null default 1,
  executor_id text not null,
  started_at timestamptz not null,
  finished_at timestamptz
);
create unique index on invocations (workspace_id, key) where key is not null;
create index on invocations (workspace_id, id desc);
create index on invocations (executor_id) where status in ('queued', 'running');
create index on invocations (started_at);

-- A window of one minute per integration, from which processes take shares.
create table rate_limits (
  integration_id text primary key,
  window_start timestamptz not null,
  used integer not null,
  paused_until timestamptz
);

create table policies (
  workspace_id text primary key references workspaces (id) on delete cascade,
  rules jsonb not null,
  updated_at timestamptz not null default now()
);
