-- For lists that are filtered. Lists are read by id, newest first, and what most rows have in common needs no index.
create index flow_runs_event on hub.flow_runs (event_id) where event_id is not null;
create index flow_runs_not_completed on hub.flow_runs (workspace_id, id desc) where status <> 'completed';
create index flow_runs_error on hub.flow_runs (workspace_id, (error ->> 'code'), id desc) where error is not null;

create index invocations_tool on hub.invocations (workspace_id, tool, id desc);
create index invocations_not_completed on hub.invocations (workspace_id, id desc) where status <> 'completed';
create index invocations_error on hub.invocations (workspace_id, (error ->> 'code'), id desc) where error is not null;

create index events_type on hub.events (workspace_id, type text_pattern_ops, id desc);
create index events_subject on hub.events (workspace_id, subject, id desc) where subject is not null;
create index events_not_dispatched on hub.events (workspace_id, id desc) where status <> 'dispatched';

create index deliveries_event on hub.deliveries (event_id);
create index deliveries_not_delivered on hub.deliveries (workspace_id, id desc) where status <> 'delivered';
