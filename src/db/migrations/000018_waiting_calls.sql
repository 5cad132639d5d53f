-- Queued calls that wait for the decision on an approval, each with the job that makes it.
create table hub.waiting_calls (
  invocation_id text primary key references hub.invocations (id) on delete cascade,
  approval_id text not null,
  input jsonb not null
);
create index on hub.waiting_calls (approval_id);
