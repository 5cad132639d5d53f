-- What a decision about a concurrency key reads: the first of its queue, its active runs, and its latest starts.
create index flow_runs_key_queue on hub.flow_runs (flow_id, concurrency_key, id) where concurrency_key is not null and status = 'queued';
create index flow_runs_key_active on hub.flow_runs (flow_id, concurrency_key, id) where concurrency_key is not null and status in ('running', 'waiting');
create index flow_runs_key_starts on hub.flow_runs (flow_id, concurrency_key, started_at desc) where concurrency_key is not null and started_at is not null;

-- The name of a flow as a tool, so that one is found without reading the others.
alter table hub.flows add column tool_name text;
update hub.flows f
   set tool_name = coalesce(v.definition -> 'tool' ->> 'name', 'flow_' || regexp_replace(lower(f.name), '[^a-z0-9]+', '_', 'g'))
  from hub.flow_versions v
 where v.flow_id = f.id and v.version = f.version and v.definition ? 'tool';
create index flows_tool_name on hub.flows (workspace_id, tool_name, name) where tool_name is not null;

-- Runs whose parameters are secret: what is shown has no secret, and what the flow reads is sealed.
alter table hub.flow_runs add column sealed text;
alter table hub.flow_steps add column sealed text;
