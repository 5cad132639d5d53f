-- Integrations that a person connects by OAuth.

alter table hub.integrations
  -- Whose account it is, where an application connects its own users; such an integration is only used where a call names the user.
  add column external_user text,
  -- What a person allowed, and whether it still holds; null for integrations that are not connected by OAuth.
  add column connection jsonb;
create unique index integrations_external_user on hub.integrations (workspace_id, connector, external_user) where external_user is not null;

-- An attempt of a person to connect an integration. Only the hash of `state` is stored, and it is removed when the answer comes, so that one
-- state is answered once.
create table hub.oauth_attempts (
  id text primary key,
  workspace_id text not null references hub.workspaces (id) on delete cascade,
  state_hash text unique,
  data jsonb not null,
  expires_at timestamptz not null
);
create index on hub.oauth_attempts (expires_at);

-- Links for people who have no account in the hub. Only the hash of the token is stored.
create table hub.connect_links (
  id text primary key,
  workspace_id text not null references hub.workspaces (id) on delete cascade,
  integration_id text not null references hub.integrations (id) on delete cascade,
  token_hash text not null unique,
  return_url text,
  -- Where the answers of the provider would be sent, so that a link leads nowhere else after a change of the integration.
  place text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  attempt_id text
);
create index on hub.connect_links (integration_id);

-- Who renews the tokens of a credential at the moment, and how the last tries ended. `version` is the version of the credential that is
-- replaced. A row whose holder stopped in between is left with its `sent_at`, so that the next one knows that the answer may be lost.
create table hub.oauth_refreshes (
  workspace_id text not null references hub.workspaces (id) on delete cascade,
  credential text not null,
  version bigint not null,
  holder text,
  lease_until timestamptz,
  sent_at timestamptz,
  failures integer not null default 0,
  retry_at timestamptz,
  last_error text,
  primary key (workspace_id, credential)
);
