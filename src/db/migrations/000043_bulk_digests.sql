-- The state in which an item was when the bulk action started, where its single action is refused for any other.
alter table bulk_items add column digest text;
