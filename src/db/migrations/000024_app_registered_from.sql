-- The network from which an app registered, or the host of its document. Where too many apps are unused, those of the busiest go first.
alter table apps add column registered_from text not null default '';
