-- Programs that people let act for them over MCP: clients of the hub's own authorization server.
create table apps (
  id text primary key,
  client_id text not null unique,
  -- Whether it registered itself, or its client id is the URL of a document about it.
  kind text not null check (kind in ('registered', 'document')),
  name text not null,
  redirect_uris text[] not null,
  auth_method text not null check (auth_method in ('none', 'client_secret_basic', 'client_secret_post')),
  secret_hash bytea,
  -- When the document was read.
  read_at timestamptz,
  created_at timestamptz not null default now()
);
create index on apps (created_at);

-- What a person allows an app, in one workspace and for one set of tools.
create table grants (
  id text primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  user_id text not null references people (id) on delete cascade,
  app_id text not null references apps (id),
  scopes text[] not null,
  -- The query of the resource, such as toolset=github; empty for all tools.
  view text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  last_used_at timestamptz,
  revoked_at timestamptz
);
create unique index on grants (user_id, app_id, workspace_id, view) where revoked_at is null;
create index on grants (workspace_id, id);
create index on grants (app_id);

-- Codes, access tokens and refresh tokens, by their hashes. All that come from one code are a family, which ends together.
create table grant_tokens (
  hash bytea primary key,
  kind text not null check (kind in ('code', 'access', 'refresh')),
  family text not null,
  grant_id text not null references grants (id) on delete cascade,
  scopes text[] not null,
  audience text not null,
  -- Of codes.
  redirect_uri text,
  challenge text,
  expires_at timestamptz not null,
  used_at timestamptz,
  revoked_at timestamptz
);
create index on grant_tokens (family);
create index on grant_tokens (grant_id);
create index on grant_tokens (expires_at);

-- Command lines that wait until a person lets them in.
create table device_logins (
  id text primary key,
  device_hash bytea not null unique,
  code_hash bytea not null unique,
  -- What the machine calls itself, and where its request came from.
  name text not null,
  address text not null,
  user_id text references people (id) on delete cascade,
  workspace_id text references workspaces (id) on delete cascade,
  status text not null check (status in ('waiting', 'allowed', 'refused', 'used')),
  polled_at timestamptz,
  expires_at timestamptz not null,
  created_at timestamptz not null default now()
);
create index on device_logins (expires_at);

-- The app through which a person made a call.
alter table invocations add column app text;
