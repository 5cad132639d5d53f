-- What a decision about a concurrency key reads: the first of its queue, its active runs, and its latest starts.
create index flow_runs_key_queue on hub.flow_runs (flow_id, concurrency_key, id) where concurrency_key is not null and status = 'queued';
create index flow_runs_key_active on hub.flow_runs (flow_id, concurrency_key, id) where concurrency_key is not null and status in ('running', 'waiting');
create index flow_runs_key_starts on hub.flow_runs (flow_id, concurrency_key, started_at desc) where concurrency_key is not null and started_at is not null;
