// The peer of a start and of idle memory: bare Koa with its database open.

import Koa from 'koa';
import { listen } from './listen.ts';
import { openSqlite } from './open-database.ts';

const { address } = JSON.parse(process.argv[2] ?? '{}') as { address: { file: string } };
const db = openSqlite(address.file);
const organizations = db.prepare('select count(*) as n from organization');

const app = new Koa();
app.use((context) => {
  context.body = organizations.get();
});

listen(app);
