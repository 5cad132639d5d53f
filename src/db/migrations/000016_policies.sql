-- Beside the rules: limits for calls, and where data may go that a session has read.
alter table hub.policies add column limits jsonb not null default '[]';
alter table hub.policies add column information_flow jsonb;

-- What a call that waits for a decision would send, and what it would change, as it was when somebody was asked.
alter table hub.approvals add column preview jsonb;

-- Who may have written a result, and who may read it where it came from.
alter table hub.invocations add column labels jsonb;

-- How many calls of an actor a limit of its workspace has counted, by the minute and by the day.
create table hub.call_counts (
  workspace_id text not null references hub.workspaces (id) on delete cascade,
  subject text not null,
  window_start timestamptz not null,
  used integer not null,
  primary key (workspace_id, subject)
);
create index on hub.call_counts (window_start);

-- What each session has read, only in workspaces that follow the flow of information.
create table hub.session_reads (
  workspace_id text not null references hub.workspaces (id) on delete cascade,
  actor text not null,
  session text not null,
  integration_id text not null,
  integration text not null,
  untrusted boolean not null,
  private boolean not null,
  read_at timestamptz not null,
  primary key (workspace_id, actor, session, integration_id)
);
create index on hub.session_reads (read_at);
