-- Names that changed in the API: the transport of a call, and three error codes in stored errors.

alter table invocations rename column door to transport;

update invocations set error = jsonb_set(error, '{code}', '"vendor_invalid_response"') where error ->> 'code' = 'vendor_nonsense';
update invocations set error = jsonb_set(error, '{code}', '"run_state_conflict"') where error ->> 'code' = 'run_over';
update invocations set error = jsonb_set(error, '{code}', '"flow_cycle"') where error ->> 'code' = 'flow_circle';

-- `enabled` says what `status` says: neither can be changed without the other.
update integrations set status = 'inactive' where not enabled and status = 'active';
update integrations set status = 'active' where enabled and status <> 'active';
alter table integrations add constraint integrations_enabled_is_active check (enabled = (status = 'active'));

-- The hub's own tools need the scope of their operation too. Flows that come with the hub get exactly the scopes of the tools that they use.
update flows set scopes = scopes || 'integrations:read'::text
 where origin = 'ready' and 'tools:call:hub_list_integrations' = any (scopes) and not 'integrations:read' = any (scopes);
