// The peer of the inbox: bare Koa and one insert of the raw event, believed as it came.

import { randomUUID } from 'node:crypto';
import Koa from 'koa';
import { listen } from './listen.ts';
import { openSqlite } from './open-database.ts';

interface Configuration {
  address: { file: string };
  orgId: string;
  providerAccountId: string;
}

const config = JSON.parse(process.argv[2] ?? '{}') as Configuration;
const insert = openSqlite(config.address.file).prepare(
  `insert into inbox_event (org_id, id, provider_account_id, provider, dedupe_key, type, object_ref, source,
     headers, raw, verified, received_at, status)
   values (?, ?, ?, 'stripe', ?, ?, ?, 'webhook', '{}', ?, 0, ?, 'stored')`,
);

const app = new Koa();
app.use(async (context) => {
  const chunks: Buffer[] = [];
  for await (const chunk of context.req) chunks.push(chunk as Buffer);
  const raw = Buffer.concat(chunks);
  const event = JSON.parse(raw.toString('utf8')) as {
    id: string;
    type: string;
    data: { object: { id: string } };
  };
  const { orgId, providerAccountId } = config;
  const about = [event.id, event.type, event.data.object.id];
  insert.run(orgId, randomUUID(), providerAccountId, ...about, raw, Date.now());
  context.body = { received: true };
});

listen(app);
