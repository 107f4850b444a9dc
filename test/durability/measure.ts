// The work whose durability is measured: people and device events, each acknowledged before the next, and
// people many at once; with the commits and syncs that it took.

import { claim, type ClaimedDevice, connect, type Line } from '../bad-input/device-client.ts';
import { send } from '../support/http.ts';
import type { Subject } from './subject.ts';
import { type Trace, traceSyncs } from './traced-syncs.ts';

export interface Figures {
  what: string;
  acknowledged: number;
  commits: number;
  syncs: number;
  /** The least number of syncs without which something was acknowledged too early. */
  needed: number;
}

export const ONE_BY_ONE = 50;
export const AT_ONCE = 32;
const ROUNDS = 5;

export async function measure(subject: Subject): Promise<Figures[]> {
  const { device, line } = await connectDevice(subject);
  const trace = await traceSyncs(await subject.writers());
  try {
    return [
      await count({ subject, trace }, 'people, one after another', async () => {
        for (let n = 0; n < ONE_BY_ONE; n += 1) await addPerson(subject, n);
        return { acknowledged: ONE_BY_ONE, needed: ONE_BY_ONE };
      }),
      await count({ subject, trace }, 'device events, one after another', async () => {
        for (let n = 0; n < ONE_BY_ONE; n += 1) await sayEvent(line, device);
        return { acknowledged: ONE_BY_ONE, needed: ONE_BY_ONE };
      }),
      await count({ subject, trace }, `people, ${AT_ONCE} at once`, async () => {
        for (let round = 1; round <= ROUNDS; round += 1) {
          const numbers = Array.from({ length: AT_ONCE }, (_, n) => round * 1_000 + n);
          await Promise.all(numbers.map((n) => addPerson(subject, n)));
        }
        // Those at once may share a commit; each round needs one of its own.
        return { acknowledged: AT_ONCE * ROUNDS, needed: ROUNDS };
      }),
    ];
  } finally {
    line.close();
    await trace.stop();
  }
}

export function describeFigures({ what, acknowledged, commits, syncs, needed }: Figures): string {
  const per = (times: number): string => (times / acknowledged).toFixed(2);
  return (
    `${syncs >= needed ? 'ok  ' : 'FAIL'} ${what}: ${acknowledged} acknowledged, ` +
    `${commits} commits (${per(commits)} each), ${syncs} syncs (${per(syncs)} each, ` +
    `at least ${needed} needed)`
  );
}

async function count(
  { subject, trace }: { subject: Subject; trace: Trace },
  what: string,
  work: () => Promise<{ acknowledged: number; needed: number }>,
): Promise<Figures> {
  const [commits, syncs] = [await subject.commits(), trace.syncs()];
  const done = await work();
  return {
    what,
    ...done,
    commits: (await subject.commits()) - commits,
    syncs: trace.syncs() - syncs,
  };
}

async function addPerson(subject: Subject, number: number): Promise<void> {
  await call(subject, 'POST', '/v1/people', { display_name: `Person ${number}` });
}

async function sayEvent(line: Line, device: ClaimedDevice): Promise<void> {
  const event = { id: `e${device.next}`, ty: 'door.opened', ts: 1, up: 1, cq: 'synced', p: {} };
  line.send({ t: 'ev', ep: device.epoch, s: device.next, e: [event] });
  const { s } = await line.frame('ack');
  if (s !== device.next) throw new Error(`Expected ack ${device.next}, found ${String(s)}.`);
  device.next += 1;
}

async function connectDevice(subject: Subject): Promise<{ device: ClaimedDevice; line: Line }> {
  const who = await call(subject, 'GET', '/v1/whoami');
  const [root] = who['node_ids'] as string[];
  const place = { parent_id: root, kind: 'site', name: 'Gate' };
  const site = await call(subject, 'POST', '/v1/nodes', place);
  const terminal = { node_id: site['id'], name: 'Terminal' };
  const made = await call(subject, 'POST', '/v1/devices', terminal);
  const code = await call(subject, 'POST', `/v1/devices/${String(made['id'])}/claim-codes`);
  const device = await claim(subject.server.gateway, String(code['qr_text']));
  return { device, line: await connect(subject.server.gateway, device) };
}

async function call(
  { server, apiKey }: Subject,
  method: string,
  path: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  const answer = await send(server.api, {
    method,
    path,
    key: apiKey,
    ...(body === undefined ? {} : { body }),
  });
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return answer.json() as Record<string, unknown>;
}
