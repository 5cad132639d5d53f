-- A delivery of its own id is an event of its own. If an earlier one of the same hook had the same body, same_body_as names that one.
alter table hub.events add column body_digest bytea;
alter table hub.events add column same_body_as text;
-- A hash index: only equality is asked for, and the values are random.
create index events_body on hub.events using hash (body_digest) where body_digest is not null;
