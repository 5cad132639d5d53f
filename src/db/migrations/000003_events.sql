-- Webhooks in, events, and webhooks out.

-- The secret that an integration's webhooks are signed with, by name; without it a credential of a well-known name serves.
alter table integrations add column webhook_credential text;

create table events (
  id text not null,
  workspace_id text not null,
  type text not null,
  connector text not null,
  integration_id text,
  integration text,
  dedupe_key text,
  -- Digest of workspace, hook and dedupe_key: 16 bytes keep the index small, as each insert touches a page of it anywhere.
  dedupe bytea unique,
  -- The sender's own name for the delivery.
  delivery_id text,
  verified boolean not null,
  -- What becomes of it once it is out of the queue; in the queue it is 'received'.
  status text not null default 'dispatched' check (status in ('dispatched', 'unparsed', 'failed')),
  problem text,
  subject text,
  headers json,
  -- As it came. What the hub itself announces, and what a transformation made, is in data.
  body bytea,
  data jsonb,
  transform text,
  -- How often it was dispatched again on demand.
  replays integer not null default 0,
  received_at timestamptz not null,
  primary key (workspace_id, id)
);

-- What waits to be handed on, in order of arrival. Apart from the events, whose rows are wide and then need not be written a second time.
create table event_queue (
  seq bigint generated always as identity primary key,
  workspace_id text not null,
  event_id text not null,
  -- It has to be read before it is known who wants it: a transformation may change its type.
  whole boolean not null default false
);

create table subscriptions (
  id text primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  -- Who gets the events: an outbound endpoint, a flow, a run that waits.
  kind text not null,
  target text not null,
  -- Exact types, and patterns such as github.* or *.
  types text[] not null,
  filter text,
  -- Events of one subject one after the other.
  ordered boolean not null default false,
  detail jsonb,
  enabled boolean not null default true,
  -- Why it was switched off by the hub.
  problem text,
  created_at timestamptz not null default now()
);
create index on subscriptions (workspace_id) where enabled;
create index on subscriptions (kind, target);

-- What an event set off.
create table event_effects (
  workspace_id text not null,
  event_id text not null,
  subscription_id text not null,
  replay integer not null,
  kind text not null,
  target text not null,
  effect_id text not null,
  at timestamptz not null default now(),
  primary key (event_id, subscription_id, replay),
  foreign key (workspace_id, event_id) references events (workspace_id, id) on delete cascade
);

-- Deliveries that were refused, counted by the minute: an attacker adds to a number, not to the disk.
create table webhook_rejections (
  hook text not null,
  reason text not null,
  minute timestamptz not null,
  workspace_id text,
  connector text,
  -- The last one's.
  address text not null,
  count bigint not null,
  last_at timestamptz not null,
  primary key (hook, reason, minute)
);

-- Hooks of outside systems that can tell what they sent.
create table webhook_sources (
  integration_id text not null references integrations (id) on delete cascade,
  hook text not null,
  workspace_id text not null,
  last_at timestamptz not null,
  checked_at timestamptz,
  missing integer not null default 0,
  primary key (integration_id, hook)
);

create table endpoints (
  id text primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  url text not null,
  description text,
  transform text,
  -- Name of the credential that holds the signing secret, and the one before it while that is still good.
  credential text not null,
  -- Of Standard Webhooks: a shared secret, or a key pair, whose public half is here.
  signature text not null default 'v1' check (signature in ('v1', 'v1a')),
  public_key text,
  enabled boolean not null default true,
  -- Why it is not: 'user', 'gone' (it answered 410) or 'failing'.
  disabled_reason text,
  disabled_at timestamptz,
  failing_since timestamptz,
  consecutive_failures integer not null default 0,
  -- It asked to be left alone until then.
  paused_until timestamptz,
  -- When one that is disabled for failing is tried again.
  probe_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index on endpoints (workspace_id);

create table deliveries (
  id text primary key,
  workspace_id text not null,
  endpoint_id text not null references endpoints (id) on delete cascade,
  event_id text not null,
  event_type text not null,
  -- What is told, written down once: the same bytes at each attempt, however long the event itself is kept.
  event text not null,
  -- 0 at first, 1, 2 … as the event is replayed, -1, -2 … as it is replayed to this endpoint alone.
  replay integer not null default 0,
  -- Deliveries of one endpoint and one key go one after the other; null where no order was asked for.
  order_key text,
  seq bigint generated always as identity,
  status text not null default 'pending' check (status in ('pending', 'delivered', 'dead', 'cancelled')),
  attempts integer not null default 0,
  -- Attempts that the schedule does not count: those before a retry by hand, and probes.
  uncounted integer not null default 0,
  next_at timestamptz not null default now(),
  -- Taken by a process until then; after it, by whoever comes first.
  leased_until timestamptz,
  last_status integer,
  last_error text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  unique (endpoint_id, event_id, replay)
);
create index on deliveries (endpoint_id, next_at) where status = 'pending';
create index on deliveries (endpoint_id, order_key, seq) where status = 'pending';
create index on deliveries (workspace_id, id desc);

create table delivery_attempts (
  delivery_id text not null references deliveries (id) on delete cascade,
  number integer not null,
  at timestamptz not null,
  ms integer not null,
  request jsonb not null,
  response jsonb,
  error text,
  primary key (delivery_id, number)
);

-- How long things are kept, where it differs from what is usual.
create table retention (
  workspace_id text primary key references workspaces (id) on delete cascade,
  events_days integer,
  events_bytes bigint,
  deliveries_days integer,
  runs_days integer,
  updated_at timestamptz not null default now()
);
