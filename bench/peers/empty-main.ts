// The peer of a start and of idle memory: bare Koa with its database open.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { openSqlite } from './open-database.ts';

const { address } = JSON.parse(process.argv[2] ?? '{}') as { address: { file: string } };
const db = openSqlite(address.file);
const organizations = db.prepare('select count(*) as n from organization');

const app = new Koa();
app.use((context) => {
  context.body = organizations.get();
});

const server = createServer(app.callback());
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ ready: true, api: `http://127.0.0.1:${port}` }));
});
process.on('SIGTERM', () => process.exit(0));
