-- Everybody who caused a run: whoever triggered it, whoever saved the flow, and the tokens that theirs come from.
alter table flow_runs add column causes text[] not null default '{}';
update flow_runs set causes = array[actor] where finished_at is null;

-- Calls that are still queued were stored before a principal knew where it came from.
update jobs
   set input = regexp_replace(input::text, '^\{"request":\{"principal":\{', '{"request":{"principal":{"ancestors":[],"causes":[],')::json
 where handler = 'tool-call';
