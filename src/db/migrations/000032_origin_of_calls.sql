-- The step of a run that made a call, the approval that covers it, and the requests that it sent to the outside system.
alter table hub.invocations add column run_id text;
alter table hub.invocations add column step text;
alter table hub.invocations add column approval_id text;
alter table hub.invocations add column requests jsonb;
create index invocations_run on hub.invocations (run_id, id) where run_id is not null;
create index invocations_approval on hub.invocations (approval_id) where approval_id is not null;
