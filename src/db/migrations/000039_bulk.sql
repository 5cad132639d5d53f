-- One action for many runs, events, deliveries or approvals, with the rights that whoever asked for it has at the time of each.
create table bulk_actions (
  id text primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  action text not null,
  -- As it was given; null where the ids were.
  filter jsonb,
  -- What each single action gets beside the id.
  input jsonb not null,
  actor text not null,
  principal jsonb not null,
  status text not null check (status in ('running', 'completed', 'cancelled', 'stopped')),
  -- Why it was stopped.
  error jsonb,
  total integer not null,
  done integer not null default 0,
  failed integer not null default 0,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create index on bulk_actions (workspace_id, id);
create index on bulk_actions (finished_at);

create table bulk_items (
  bulk_id text not null references bulk_actions (id) on delete cascade,
  position integer not null,
  item_id text not null,
  started_at timestamptz,
  finished_at timestamptz,
  error jsonb,
  primary key (bulk_id, position)
);
