-- What a dry run of a flow that is not saved runs. Null for runs of saved flows, whose versions have it.
alter table flow_runs add column definition jsonb;
