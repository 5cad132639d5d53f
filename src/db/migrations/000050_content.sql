-- Content of outside systems: what is kept in sync, the documents, and their index.

-- How changes of an integration's content are noticed.
alter table integrations
  add column monitor_changes boolean not null default false,
  add column polling_enabled boolean not null default false,
  -- In minutes.
  add column polling_interval integer,
  add column last_polled_at timestamptz,
  add column next_poll_at timestamptz,
  add column change_count bigint not null default 0;
create index integrations_polls on integrations (next_poll_at) where polling_enabled;

-- One kind of content of an integration, such as the issues of a repository. There is no foreign key to the integration: the content of one that
-- is deleted is in no answer from then on, and a job deletes it.
create table sources (
  id text primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  integration_id text not null,
  kind text not null,
  name text not null,
  config jsonb not null,
  -- Of kind and config, so that nothing is synced twice.
  digest text not null,
  status text not null default 'idle' check (status in ('idle', 'syncing', 'waiting', 'failed')),
  paused_at timestamptz,
  -- Where the next page begins; null: at the start.
  cursor jsonb,
  -- The latest sync; null when it was cancelled.
  sync_id text,
  -- When a sync that waits goes on; null while the source is paused.
  continue_at timestamptz,
  -- A change was noticed while a sync ran, so another one follows.
  pull_wanted boolean not null default false,
  -- Of failures in a row.
  attempts integer not null default 0,
  last_error jsonb,
  -- Why everything is read again, or why nothing was deleted, for people to see.
  notice text,
  synced_at timestamptz,
  swept_at timestamptz,
  deleted_at timestamptz,
  created_at timestamptz not null default now(),
  unique (integration_id, digest)
);
create index sources_workspace on sources (workspace_id, id);
create index sources_waiting on sources (continue_at) where status = 'waiting';

-- One pass over a source.
create table syncs (
  id text primary key,
  source_id text not null references sources (id) on delete cascade,
  workspace_id text not null,
  reason text not null,
  -- Of the engine, while it runs.
  job_id text,
  -- It began at the start: what it did not see does not exist any more.
  whole boolean not null,
  phase text not null default 'pull' check (phase in ('pull', 'items', 'sweep')),
  status text not null default 'running' check (status in ('running', 'waiting', 'completed', 'failed', 'cancelled')),
  sweeps boolean not null default false,
  -- A person said that as much as it takes may be deleted.
  confirmed boolean not null default false,
  sweep_cursor jsonb,
  -- Nothing is deleted after a listing that was not complete.
  sweep_partial boolean not null default false,
  pages integer not null default 0,
  added integer not null default 0,
  changed integer not null default 0,
  unchanged integer not null default 0,
  removed integer not null default 0,
  failed integer not null default 0,
  -- As far as the outside system says.
  remaining integer,
  error jsonb,
  started_at timestamptz not null default now(),
  ended_at timestamptz
);
create index syncs_source on syncs (source_id, id desc);
create index syncs_job on syncs (job_id) where job_id is not null;
create index syncs_ended on syncs (ended_at) where ended_at is not null;

-- Items to fetch by themselves: those that an event named, and those that failed.
create table source_items (
  source_id text not null references sources (id) on delete cascade,
  external_id text not null,
  -- When the outside system said that it has changed.
  noticed_at timestamptz not null default now(),
  attempts integer not null default 0,
  due_at timestamptz not null default now(),
  error jsonb,
  primary key (source_id, external_id)
);
create index source_items_due on source_items (due_at);

-- Who may read documents in the outside system.
create table audiences (
  id bigint generated always as identity primary key,
  source_id text not null references sources (id) on delete cascade,
  key text not null,
  -- `*`: everybody in the workspace. Otherwise `email:ADDRESS`, or the user's id in the outside system as `user:ID`.
  members text[] not null default '{}',
  -- Null: never read. Members that were read too long ago count for nobody.
  checked_at timestamptz,
  unique (source_id, key)
);
create index audiences_members on audiences using gin (members);

-- Who somebody of a workspace is in the outside system of an integration.
create table identities (
  workspace_id text not null references workspaces (id) on delete cascade,
  actor text not null,
  integration_id text not null,
  external_user text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (workspace_id, actor, integration_id, external_user)
);

create table documents (
  id text primary key,
  -- Names the document in the index.
  number bigint generated always as identity unique,
  workspace_id text not null,
  source_id text not null references sources (id),
  external_id text not null,
  type text not null,
  title text not null,
  url text,
  path text,
  author text,
  created_at timestamptz,
  updated_at timestamptz,
  content text not null,
  content_hash text not null,
  -- Why a part of it is missing.
  truncated text,
  outline jsonb not null default '[]',
  audience_id bigint not null references audiences (id),
  -- Its terms in the index, which go with it.
  terms text[] not null default '{}',
  size integer not null,
  outline_size integer not null,
  chunk_count integer not null,
  -- When a listing named it last.
  seen_at timestamptz not null default now(),
  indexed_at timestamptz not null default now(),
  unique (source_id, external_id)
);
create index documents_workspace on documents (workspace_id, id desc);
-- An address may be longer than other indexes take.
create index documents_url on documents using hash (url);
create index documents_seen on documents (source_id, seen_at);

create table source_chunks (
  document_number bigint not null references documents (number) on delete cascade,
  position smallint not null,
  kind text not null,
  heading text not null,
  from_line integer not null,
  to_line integer not null,
  content text not null,
  content_hash text not null,
  primary key (document_number, position)
);

-- Short forms of documents, and of their sections by the position of the chunk.
create table chunk_summaries (
  document_number bigint not null references documents (number) on delete cascade,
  position smallint not null default -1,
  summary text not null,
  made_by text not null,
  content_hash text not null,
  primary key (document_number, position)
);

-- The files of pull requests and pushes.
create table changed_files (
  source_id text not null references sources (id) on delete cascade,
  -- The pull request, or the commit of a push.
  change text not null,
  path text not null,
  previous_path text,
  status text not null,
  additions integer not null default 0,
  deletions integer not null default 0,
  changed_at timestamptz not null default now(),
  primary key (source_id, change, path)
);

-- Documents that are gone, so that a late reader learns why.
create table tombstones (
  source_id text not null references sources (id) on delete cascade,
  external_id text not null,
  document_id text not null,
  reason text not null,
  noticed_at timestamptz not null,
  removed_at timestamptz not null default now(),
  primary key (source_id, external_id)
);
create index tombstones_document on tombstones (document_id);
create index tombstones_removed on tombstones (removed_at);

-- What agents and people said of an answer.
create table feedback_signals (
  id text primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  document_id text not null,
  integration_id text not null,
  position smallint,
  signal text not null check (signal in ('up', 'down', 'used', 'wrong')),
  query text,
  comment text,
  actor text not null,
  created_at timestamptz not null default now(),
  -- Whoever says the same again counts once.
  unique (document_id, actor, signal)
);
create index feedback_signals_workspace on feedback_signals (workspace_id, id desc);

-- The index: which documents contain a term, how often, and in which of their chunks.
create table postings (
  workspace integer not null,
  term text collate "C" not null,
  document bigint not null,
  frequency smallint not null,
  -- How often in title, path and headings.
  outline smallint not null,
  -- How many terms the document has, so that ranking needs no other table.
  size integer not null,
  outline_size smallint not null,
  -- Four bytes for each chunk: position, frequency, size.
  hits bytea not null,
  -- Ranking reads no more than the index.
  primary key (workspace, term, document) include (frequency, outline, size, outline_size)
);

create table search_terms (
  workspace integer not null,
  term text collate "C" not null,
  documents integer not null,
  primary key (workspace, term)
);

-- Sums for the averages that ranking needs.
create table search_sizes (
  workspace integer primary key,
  documents bigint not null,
  chunks bigint not null,
  size bigint not null,
  outline_size bigint not null
);
