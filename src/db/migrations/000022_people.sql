-- The tables of better-auth, which are in a schema of their own and keep its names. A test compares them with what the installed version expects.
create schema if not exists auth;

create table auth."user" (
  "id" text not null primary key,
  "name" text not null,
  "email" text not null unique,
  "emailVerified" boolean not null,
  "image" text,
  "createdAt" timestamptz default CURRENT_TIMESTAMP not null,
  "updatedAt" timestamptz default CURRENT_TIMESTAMP not null,
  "twoFactorEnabled" boolean
);

create table auth."session" (
  "id" text not null primary key,
  "expiresAt" timestamptz not null,
  "token" text not null unique,
  "createdAt" timestamptz default CURRENT_TIMESTAMP not null,
  "updatedAt" timestamptz not null,
  "ipAddress" text,
  "userAgent" text,
  "userId" text not null references auth."user" ("id") on delete cascade
);

create table auth."account" (
  "id" text not null primary key,
  "accountId" text not null,
  "providerId" text not null,
  "userId" text not null references auth."user" ("id") on delete cascade,
  "accessToken" text,
  "refreshToken" text,
  "idToken" text,
  "accessTokenExpiresAt" timestamptz,
  "refreshTokenExpiresAt" timestamptz,
  "scope" text,
  "password" text,
  "createdAt" timestamptz default CURRENT_TIMESTAMP not null,
  "updatedAt" timestamptz not null
);

create table auth."verification" (
  "id" text not null primary key,
  "identifier" text not null,
  "value" text not null,
  "expiresAt" timestamptz not null,
  "createdAt" timestamptz default CURRENT_TIMESTAMP not null,
  "updatedAt" timestamptz default CURRENT_TIMESTAMP not null
);

create table auth."twoFactor" (
  "id" text not null primary key,
  "secret" text not null,
  "backupCodes" text not null,
  "userId" text not null references auth."user" ("id") on delete cascade,
  "verified" boolean,
  "failedVerificationCount" integer,
  "lockedUntil" timestamptz
);

create table auth."passkey" (
  "id" text not null primary key,
  "name" text,
  "publicKey" text not null,
  "userId" text not null references auth."user" ("id") on delete cascade,
  "credentialID" text not null,
  "counter" integer not null,
  "deviceType" text not null,
  "backedUp" boolean not null,
  "transports" text,
  "createdAt" timestamptz,
  "aaguid" text
);

create index "session_userId_idx" on auth."session" ("userId");

create index "account_userId_idx" on auth."account" ("userId");

create index "verification_identifier_idx" on auth."verification" ("identifier");

create index "twoFactor_secret_idx" on auth."twoFactor" ("secret");

create index "twoFactor_userId_idx" on auth."twoFactor" ("userId");

create index "passkey_userId_idx" on auth."passkey" ("userId");

create index "passkey_credentialID_idx" on auth."passkey" ("credentialID");

-- Ours: who is a person of this hub, and where they are a member. Names and addresses are in auth."user".
create table people (
  id text primary key references auth."user" (id) on delete cascade,
  -- May do everything in every workspace.
  hub_admin boolean not null default false,
  created_at timestamptz not null default now()
);

create table members (
  workspace_id text not null references workspaces (id) on delete cascade,
  user_id text not null references people (id) on delete cascade,
  role text not null check (role in ('owner', 'admin', 'member', 'viewer')),
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (workspace_id, user_id)
);
create index on members (user_id);

-- Links that let a person in, once. A setup link makes an administrator of the hub.
create table invitations (
  id text primary key,
  workspace_id text not null references workspaces (id) on delete cascade,
  email text,
  role text not null check (role in ('owner', 'admin', 'member', 'viewer')),
  hub_admin boolean not null default false,
  hash bytea not null unique,
  expires_at timestamptz not null,
  used_at timestamptz,
  used_by text,
  revoked_at timestamptz,
  created_by text not null,
  created_at timestamptz not null default now()
);
create index on invitations (workspace_id, id);

-- A token of a person ends with the membership. One without belongs to a service, and lasts.
alter table tokens add column user_id text references people (id);
create index on tokens (user_id) where user_id is not null;
