-- Names that changed in the API: the transport of a call, and three error codes in stored errors.

alter table invocations rename column door to transport;

update invocations set error = jsonb_set(error, '{code}', '"vendor_invalid_response"') where error ->> 'code' = 'vendor_nonsense';
update invocations set error = jsonb_set(error, '{code}', '"run_state_conflict"') where error ->> 'code' = 'run_over';
update invocations set error = jsonb_set(error, '{code}', '"flow_cycle"') where error ->> 'code' = 'flow_circle';
