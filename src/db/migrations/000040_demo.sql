-- Integrations of the demo systems, which reach these and nothing else.
alter table integrations drop constraint integrations_origin_check;
alter table integrations add constraint integrations_origin_check check (origin in ('user', 'environment', 'credential', 'demo'));
