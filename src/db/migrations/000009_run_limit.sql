-- The unfinished runs of a workspace, which are counted up to its limit, and the runs that wait for a place.
create index on flow_runs (workspace_id, status) where finished_at is null;
create index on flow_runs (workspace_id, id) where status = 'queued' and concurrency_key is null;
