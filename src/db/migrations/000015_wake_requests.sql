-- How often something has arrived for a run since it was claimed. A flag would not tell what arrived first from what arrived next.
alter table hub.flow_runs rename column wake_requested to wake_requests;
alter table hub.flow_runs alter column wake_requests drop default;
alter table hub.flow_runs alter column wake_requests type integer using wake_requests::integer;
alter table hub.flow_runs alter column wake_requests set default 0;
