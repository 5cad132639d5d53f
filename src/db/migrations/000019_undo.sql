-- Which call a call undoes, which one undid it, and what a call changed, as it was before, where its action needs that to undo it.
alter table hub.invocations add column undoes text;
alter table hub.invocations add column undone_by text;
alter table hub.invocations add column state_before jsonb;
create index on hub.invocations (undoes) where undoes is not null;
