// The Stripe twin's tables. A verifier reads them directly (simulators/README.md describes them), so
// amounts, states and references are plain columns; only what nobody reconciles is JSON text.

export const TABLES = `
create table if not exists customer (
  seq integer primary key,
  id text not null unique,
  created_ms integer not null,
  is_deleted integer not null default 0,
  email text,
  metadata text not null,
  details text not null
);
create table if not exists payment_method (
  seq integer primary key,
  id text not null unique,
  created_ms integer not null,
  customer text references customer (id),
  brand text not null,
  last4 text not null,
  exp_month integer not null,
  exp_year integer not null,
  funding text not null,
  fingerprint text not null,
  behaviour text not null,
  billing_name text,
  is_detached integer not null default 0,
  metadata text not null
);
create table if not exists mandate (
  id text not null unique,
  created_ms integer not null,
  payment_method text not null references payment_method (id),
  status text not null,
  ip_address text not null,
  user_agent text not null
);
create table if not exists setup_intent (
  seq integer primary key,
  id text not null unique,
  created_ms integer not null,
  customer text references customer (id),
  payment_method text references payment_method (id),
  mandate text references mandate (id),
  status text not null,
  usage text not null,
  client_secret text not null,
  last_setup_error text,
  cancellation_reason text,
  description text,
  metadata text not null
);
create table if not exists checkout_session (
  seq integer primary key,
  id text not null unique,
  created_ms integer not null,
  expires_ms integer not null,
  customer text references customer (id),
  currency text,
  status text not null check (status in ('open', 'complete', 'expired')),
  setup_intent text not null references setup_intent (id),
  success_url text not null,
  cancel_url text,
  client_reference_id text,
  locale text,
  metadata text not null
);
create table if not exists payment_intent (
  seq integer primary key,
  id text not null unique,
  created_ms integer not null,
  amount_minor integer not null,
  currency text not null,
  status text not null check (status in ('requires_payment_method', 'requires_confirmation',
    'requires_action', 'processing', 'requires_capture', 'succeeded', 'canceled')),
  capture_method text not null,
  amount_capturable_minor integer not null default 0,
  amount_received_minor integer not null default 0,
  customer text references customer (id),
  payment_method text references payment_method (id),
  latest_charge text,
  canceled_ms integer,
  cancellation_reason text,
  last_payment_error text,
  client_secret text not null,
  metadata text not null,
  details text not null
);
create index if not exists payment_intent_customer on payment_intent (customer, seq);
create table if not exists charge (
  seq integer primary key,
  id text not null unique,
  created_ms integer not null,
  payment_intent text not null references payment_intent (id),
  amount_minor integer not null,
  currency text not null,
  status text not null check (status in ('succeeded', 'failed')),
  captured integer not null default 0,
  amount_captured_minor integer not null default 0,
  amount_released_minor integer not null default 0,
  amount_refunded_minor integer not null default 0,
  customer text references customer (id),
  payment_method text not null references payment_method (id),
  failure_code text,
  decline_code text,
  failure_message text,
  captured_ms integer,
  capture_before_ms integer,
  description text,
  metadata text not null
);
create index if not exists charge_due on charge (capture_before_ms) where captured = 0;
create table if not exists refund (
  seq integer primary key,
  id text not null unique,
  created_ms integer not null,
  charge text not null references charge (id),
  payment_intent text not null references payment_intent (id),
  amount_minor integer not null,
  currency text not null,
  status text not null check (status in ('pending', 'succeeded', 'failed')),
  reason text,
  failure_reason text,
  due_ms integer,
  due_status text,
  metadata text not null
);
create index if not exists refund_charge on refund (charge, seq);
create index if not exists refund_due on refund (due_ms) where due_ms is not null;
create table if not exists event (
  seq integer primary key,
  id text not null unique,
  created_ms integer not null,
  type text not null,
  object_id text not null,
  object text not null,
  request_id text,
  idempotency_key text
);
create index if not exists event_created on event (created_ms);
create table if not exists idempotency_key (
  key text primary key,
  created_ms integer not null,
  expires_ms integer not null,
  method text not null,
  path text not null,
  parameters_hash text not null,
  request_id text not null,
  status integer not null,
  body text not null
);
create index if not exists idempotency_key_expiry on idempotency_key (expires_ms);
`;
