// The peer of writes by REST: bare Koa, a constant key, JSON.parse, and the minimal rows by the native driver
// in one transaction. No validation, permission, trace, metric or replay.

import { createHash, randomUUID } from 'node:crypto';
import Koa from 'koa';
import { listen } from './listen.ts';
import { createWriter, type Write } from './open-database.ts';

interface Configuration {
  address: { file: string } | { url: string };
  apiKey: string;
  orgId: string;
  nodeId: string;
  principalId: string;
  providerAccountId: string;
  laneId: number;
}

const config = JSON.parse(process.argv[2] ?? '{}') as Configuration;
const { orgId, nodeId } = config;
const writer = createWriter(config.address);
const WEEK_MS = 604_800_000;

const app = new Koa();
app.use(async (context) => {
  if (context.headers.authorization !== `Bearer ${config.apiKey}`)
    return void (context.status = 401);
  const chunks: Buffer[] = [];
  for await (const chunk of context.req) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks);
  const body = JSON.parse(text.toString('utf8')) as Record<string, string>;
  const key = String(context.headers['idempotency-key']);
  const [, , , personId] = context.path.split('/');
  const made = personId === undefined ? person(body) : paymentMethod(personId, body);
  const answer = JSON.stringify(made.answer);
  await writer.write([...made.writes, idempotency(key, text, answer)]);
  context.status = 201;
  context.type = 'application/json';
  context.body = answer;
});

interface Made {
  writes: Write[];
  answer: Record<string, unknown>;
}

function person(body: Record<string, string>): Made {
  const id = newId('per');
  const now = Date.now();
  const { display_name: name } = body;
  return {
    answer: {
      id,
      node_id: nodeId,
      display_name: name,
      status: 'active',
      created_at: now,
      version: 1,
    },
    writes: [
      {
        name: 'person',
        text: `insert into person (org_id, id, node_id, external_ref, display_name, status, created_at, version)
          values ($1, $2, $3, $4, $5, $6, $7, $8)`,
        params: [orgId, id, nodeId, null, name, 'active', now, 1],
      },
      event('person.created', { kind: 'person', id, data: {} }),
    ],
  };
}

function paymentMethod(personId: string, body: Record<string, string>): Made {
  const id = newId('pmt');
  const now = Date.now();
  return {
    answer: { id, person_id: personId, status: 'creating', url: null, created_at: now, version: 1 },
    writes: [
      {
        name: 'method',
        text: `insert into payment_method (org_id, id, person_id, provider_account_id, status, return_url,
            step, generation, created_at, version)
          values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        params: [
          ...[orgId, id, personId, config.providerAccountId, 'creating', body['return_url']],
          ...['customer', 1, now, 1],
        ],
      },
      event('payment_method.started', {
        ...{ kind: 'payment_method', id },
        data: { person_id: personId },
      }),
      {
        name: 'message',
        text: `insert into outbox_msg (org_id, lane_id, aggregate, type, uid, body, created_at)
          values ($1, $2, $3, $4, $5, $6, $7)`,
        params: [
          ...[orgId, config.laneId, personId, 'payments.method', id],
          ...[JSON.stringify({ payment_method_id: id }), now],
        ],
      },
    ],
  };
}

function event(
  type: string,
  of: { kind: string; id: string; data: Record<string, unknown> },
): Write {
  const actor = JSON.stringify({ kind: 'api_key', id: config.principalId });
  return {
    name: 'event',
    text: `insert into event (org_id, id, type, subject_kind, subject_id, node_id, actor, data, created_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    params: [
      ...[orgId, newId('evt'), type, of.kind, of.id, nodeId, actor],
      ...[JSON.stringify(of.data), Date.now()],
    ],
  };
}

function idempotency(key: string, body: Buffer, answer: string): Write {
  const now = Date.now();
  const fingerprint = createHash('sha256').update(body).digest('hex');
  return {
    name: 'idempotency',
    text: `insert into idempotency (org_id, principal_id, idempotency_key, fingerprint, status, headers,
        body, created_at, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    params: [
      ...[orgId, config.principalId, key, fingerprint, 201, '{}', answer],
      ...[now, now + WEEK_MS],
    ],
  };
}

function newId(prefix: string): string {
  return `${prefix}_${randomUUID().replaceAll('-', '')}`;
}

listen(app);
