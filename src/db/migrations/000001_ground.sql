-- Workspaces, tokens, audit, credentials, and the signs of life of processes.

create table workspaces (
  id text primary key,
  number bigint generated always as identity unique,
  name text not null unique,
  created_at timestamptz not null default now()
);

create table tokens (
  id text primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  name text not null,
  prefix text not null,
  hash bytea not null unique,
  scopes text[] not null,
  read_only boolean not null default false,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  created_by text not null,
  created_at timestamptz not null default now()
);
create index on tokens (workspace_id, id);

-- One hash chain per workspace. No foreign key: what was done stays on record after its workspace is gone.
create table audit (
  workspace_id text not null,
  seq bigint not null,
  at timestamptz not null,
  actor text not null,
  action text not null,
  subject text not null,
  detail jsonb not null,
  prev_hash text not null,
  hash text not null,
  primary key (workspace_id, seq)
);

create table audit_heads (
  workspace_id text primary key,
  seq bigint not null,
  hash text not null
);

create function audit_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only';
end $$;

create trigger audit_append_only before update or delete on audit for each row execute function audit_is_append_only();
create trigger audit_no_truncate before truncate on audit for each statement execute function audit_is_append_only();

create table credentials (
  id text primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  name text not null,
  kind text,
  -- The key that every field of this row is sealed with: what `hub keys rotate` looks for.
  key_id text not null,
  sealed jsonb not null,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (workspace_id, name)
);
create index on credentials (key_id);

-- A process that runs durable work. It is alive while its advisory lock is held.
create table executors (
  id text primary key,
  lock_id bigint not null,
  host text not null,
  pid integer not null,
  started_at timestamptz not null default now(),
  -- It said goodbye: its runs are handed on at once, and count against none of them.
  left_at timestamptz
);

-- How often, one after the other, a run's process died without the run getting further: one that kills processes is parked.
create table take_overs (
  run_id text primary key,
  count integer not null,
  steps integer not null,
  at timestamptz not null
);
