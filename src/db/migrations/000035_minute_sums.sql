-- What happened in each workspace in each minute. The processes that did the work add to it every few seconds. `latency` counts calls by how
-- long they took; its places are explained in `src/telemetry/sums.ts`.
create table hub.minute_sums (
  workspace_id text not null references hub.workspaces (id) on delete cascade,
  minute timestamptz not null,
  events_received integer not null,
  runs_started integer not null,
  runs_completed integer not null,
  runs_failed integer not null,
  calls_made integer not null,
  calls_failed integer not null,
  deliveries_delivered integer not null,
  deliveries_dead integer not null,
  latency integer[] not null,
  primary key (workspace_id, minute)
);
create index on hub.minute_sums (minute);
