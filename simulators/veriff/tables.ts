// The Veriff twin's tables. Images are not kept: only what shows that they arrived.

export const TABLES = `
create table if not exists session (
  seq integer primary key,
  id text not null unique,
  created_ms integer not null,
  expires_ms integer not null,
  token text not null unique,
  status text not null check (status in ('created', 'started', 'submitted', 'approved', 'declined',
    'resubmission_requested', 'review', 'expired', 'abandoned', 'deleted')),
  vendor_data text,
  end_user_id text,
  callback text,
  person text not null,
  document text not null
);
create index if not exists session_due on session (expires_ms) where status in ('created', 'started');
create table if not exists attempt (
  seq integer primary key,
  id text not null unique,
  session text not null references session (id),
  created_ms integer not null,
  submitted_ms integer,
  decided_ms integer,
  status text not null,
  code integer,
  reason text,
  reason_code integer
);
create index if not exists attempt_session on attempt (session, seq);
create table if not exists media (
  id text not null unique,
  session text not null references session (id),
  created_ms integer not null,
  context text not null,
  bytes integer not null,
  sha256 text not null
);
`;
