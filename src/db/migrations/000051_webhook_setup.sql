-- Until when somebody sets up the webhook of an integration, so that two at once do not make two webhooks.
alter table integrations add column webhook_setup_until timestamptz;
