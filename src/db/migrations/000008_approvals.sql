-- Everybody who caused a question: none of them may decide on it, unless the workspace allows that.
alter table approvals add column involved text[] not null default '{}';
update approvals as a
   set involved = array(select distinct unnest(array[a.asked_by] || coalesce((select r.causes from flow_runs r where r.id = a.run_id), '{}')))
 where status = 'pending';
alter table approvals alter column involved drop default;

alter table policies add column involved_may_decide boolean not null default false;
