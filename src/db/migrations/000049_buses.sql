-- The message buses that a workspace is connected to. One process at a time publishes for each, so that events keep their order.
create table buses (
  workspace_id text not null references workspaces (id) on delete cascade,
  name text not null,
  -- The types of the events that are published there.
  types text[] not null,
  leased_by text,
  leased_until timestamptz,
  created_at timestamptz not null default now(),
  primary key (workspace_id, name)
);

-- The events that are still to be published. A row is deleted when the broker has confirmed its message.
create table bus_queue (
  id bigint generated always as identity primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  bus text not null,
  event_id text not null,
  -- Null: the type of the event.
  topic text,
  key text,
  created_at timestamptz not null default now()
);
create index bus_queue_order on bus_queue (bus, workspace_id, id);
