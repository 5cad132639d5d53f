-- Background work: one row for each job until it has ended.
create table jobs (
  id text primary key,
  handler text not null,
  input json not null,
  -- The process that runs it. Null while it waits for one.
  executor_id text,
  claimed_at timestamptz,
  -- How often, one after the other, its process died without the job coming further.
  interruptions integer not null default 0,
  progress integer not null default 0,
  interrupted_at timestamptz,
  created_at timestamptz not null default now()
);
create index on jobs (created_at) where executor_id is null;
create index on jobs (executor_id) where executor_id is not null;

drop table take_overs;
alter table executors drop column left_at;

-- Names that changed in the API: the status of a run that killed its process, and the origin of flows that come with the hub.
alter table flow_runs drop constraint flow_runs_status_check;
update flow_runs set status = 'quarantined' where status = 'parked';
update flow_runs set error = jsonb_set(error, '{code}', '"run_quarantined"') where error ->> 'code' = 'run_parked';
alter table flow_runs add constraint flow_runs_status_check
  check (status in ('queued', 'running', 'waiting', 'completed', 'failed', 'cancelled', 'skipped', 'quarantined'));
alter table flow_runs rename column nudged to wake_requested;
update subscriptions set types = array_replace(types, 'flow.parked', 'flow.quarantined') where 'flow.parked' = any (types);

alter table flows drop constraint flows_origin_check;
update flows set origin = 'bundled' where origin = 'ready';
update flows set actor = 'system:bundled' where actor = 'system:ready';
update flow_versions set actor = 'system:bundled' where actor = 'system:ready';
alter table flows add constraint flows_origin_check check (origin in ('user', 'bundled'));

-- Work of the engine before: running runs continue from their steps, and queued calls are made as far as their input is known.
insert into jobs (id, handler, input)
  select id || ':' || segment, 'flow-run', json_build_object('runId', id) from flow_runs where status = 'running';
do $$ begin
  if to_regclass('dbos.workflow_status') is not null then
    insert into jobs (id, handler, input)
      select workflow_uuid, 'tool-call', inputs::json -> 'positionalArgs' -> 0 from dbos.workflow_status
       where name = 'tool-call' and status in ('ENQUEUED', 'PENDING') and inputs::json -> 'positionalArgs' -> 0 is not null;
    drop schema dbos cascade;
  end if;
end $$;
update invocations set status = 'failed', finished_at = now(),
       error = '{"code": "interrupted", "kind": "transient", "detail": "the call was queued by an earlier version of the hub; make it again"}'
 where status = 'queued' and id not in (select id from jobs);
