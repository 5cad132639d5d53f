-- Events are dispatched by workspace. Its events are next to each other.
alter table hub.event_queue drop constraint event_queue_pkey;
alter table hub.event_queue add primary key (workspace_id, seq);

-- The events that a process dispatches. It evaluates filters outside of transactions, and what it stores counts only while it has the claim.
create table hub.dispatch_claims (
  workspace_id text primary key,
  -- Null after a failure, until a process takes it.
  executor_id text,
  first_seq bigint not null,
  last_seq bigint not null,
  -- One event at a time up to last_seq, because one of them fails or ends the process.
  alone boolean not null default false,
  -- How many processes died while they dispatched the event first_seq.
  deaths integer not null default 0
);

-- How often one after the other the filter exceeded its limits.
alter table hub.subscriptions add column overruns integer not null default 0;
