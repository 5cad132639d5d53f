-- Somebody asked to cancel a call that is running: the process that makes it looks for this.
alter table hub.invocations add column cancel_requested boolean not null default false;
create index on hub.invocations (executor_id) where cancel_requested and status = 'running';
