-- For whom outputs of tools are cleaned of what people do not see, and what was removed from one.
alter table hub.policies add column sanitize text not null default 'agents';
alter table hub.invocations add column sanitized jsonb;
