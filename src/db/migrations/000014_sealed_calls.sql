-- The output of a call, sealed, where what is shown of it has no secret: whoever makes the call again under its key gets it.
alter table hub.invocations add column sealed text;
