-- What a run started and emitted, for traces.
create index flow_runs_started_by on hub.flow_runs ((trigger ->> 'run_id')) where trigger ->> 'run_id' is not null;
create index events_emitted_by on hub.events ((headers ->> 'hub-run')) where body is null and headers ->> 'hub-run' is not null;
