-- Older clients name an integration by a small number, which is unique in its workspace and never given again.
alter table workspaces add column last_integration_number integer not null default 0;
alter table integrations add column number integer;
update integrations as i set number = n.number
  from (select id, row_number() over (partition by workspace_id order by created_at, id) as number from integrations) as n
 where i.id = n.id;
update workspaces as w set last_integration_number = (select count(*) from integrations as i where i.workspace_id = w.id);
alter table integrations alter column number set not null;
alter table integrations add unique (workspace_id, number);
