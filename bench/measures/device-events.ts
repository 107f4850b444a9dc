// Events of devices per second of the server's CPU, in batches of 64: what a core can take in.

import { join } from 'node:path';
import type { ClaimedDevice } from '../../test/bad-input/device-client.ts';
import { claim, connect } from '../../test/bad-input/device-client.ts';
import { countCosts, describeCosts } from '../counting/costs.ts';
import { BATCH_EVENTS, openSender, type Sender } from '../load/device-load.ts';
import type { Context, Measure, Result } from '../measure.ts';
import { compare, ratioAtLeast } from '../result.ts';
import { alternate } from '../rounds.ts';
import { cpuSeconds } from '../subject/cpu.ts';
import { lookUp } from '../subject/look-up.ts';
import { openPair, type Pair } from '../subject/pair.ts';
import { startProcess, type Started } from '../subject/process.ts';
import { type Server, startServer } from '../subject/server.ts';

const DEVICES = 8;

export const deviceEvents: Measure = {
  name: 'device-events',
  about: 'events of devices per second of server CPU, batches of 64, SQLite',
  run: async (context) => {
    const devices: ClaimedDevice[] = [];
    const pair = await openPair(context, 'sqlite', async (server) => {
      devices.push(...(await claimDevices(server)));
    });
    const sides = { context, pair, devices };
    const rounds = await withBoth(sides, undefined, timed(context));
    const costs = await withBoth(sides, 'calls', counted(sides));
    const result: Result = compare(context, {
      measure: 'device events per server CPU-second, batches of 64',
      unit: 'per CPU-second',
      peerName: 'bare ws + JSON.parse + better-sqlite3',
      aim: ratioAtLeast(0.6),
      note: `${DEVICES} devices, each with up to 256 events on their way, TLS on both sides, SQLite`,
      ...{ rounds, costs },
    });
    return [result];
  },
};

async function claimDevices({ client, gateway }: Server): Promise<ClaimedDevice[]> {
  const who = await client.get<{ node_ids: string[] }>('/v1/whoami');
  const place = { parent_id: who.node_ids[0], kind: 'site', name: 'Bench' };
  const site = await client.post<{ id: string }>('/v1/nodes', place);
  const names = Array.from({ length: DEVICES }, (_, index) => `door-${index}`);
  return Promise.all(
    names.map((name) => claimDevice({ client, gateway }, { node_id: site.id, name })),
  );
}

async function claimDevice(
  { client, gateway }: Pick<Server, 'client' | 'gateway'>,
  terminal: { node_id: string; name: string },
): Promise<ClaimedDevice> {
  const { id } = await client.post<{ id: string }>('/v1/devices', terminal);
  const { qr_text: qr } = await client.post<{ qr_text: string }>(`/v1/devices/${id}/claim-codes`);
  const device = await claim(gateway, qr);
  (await connect(gateway, device)).close();
  return device;
}

interface Sides {
  context: Context;
  pair: Pair;
  devices: ClaimedDevice[];
}

interface Side extends Started {
  senders: readonly Sender[];
}

type Both = { ours: Side; peer: Side };

async function withBoth<T>(
  { context, pair, devices }: Sides,
  counts: 'calls' | undefined,
  work: (both: Both) => Promise<T>,
): Promise<T> {
  const { root, folder } = context;
  const counting = counts === undefined ? {} : { counts };
  const { orgId } = await lookUp(pair.ours);
  const ours = await startServer({
    ...{ root, folder, ...counting },
    ...{ dataDir: pair.dataDir, env: pair.env, role: 'gateway' },
  });
  const pemFile = join(pair.dataDir, 'gateway/gateway.pem');
  const peer = await startProcess({
    ...{ root, folder, ...counting },
    name: 'peer',
    script: 'bench/peers/device-events-main.ts',
    args: [JSON.stringify({ address: pair.peer.address, orgId, pemFile })],
  });
  const open = (url: (device: ClaimedDevice) => string, isOurs: boolean): Promise<Sender[]> =>
    Promise.all(devices.map((device) => openSender(url(device), device, isOurs)));
  const both = {
    ours: { ...ours, senders: await open(() => ours.gateway, true) },
    peer: {
      ...peer,
      senders: await open(({ id }) => `${String(peer.ready['gateway'])}?device=${id}`, false),
    },
  };
  try {
    return await work(both);
  } finally {
    for (const { senders } of [both.ours, both.peer]) for (const sender of senders) sender.close();
    await Promise.all([ours.stop(), peer.stop()]);
  }
}

function timed({ size }: Context): (both: Both) => ReturnType<typeof alternate> {
  const round = async ({ pid, senders }: Side): Promise<number> => {
    const before = cpuSeconds(pid);
    const sent = await Promise.all(senders.map((sender) => sender.during(size.secondsPerRound)));
    const seconds = Math.max(0.01, cpuSeconds(pid) - before);
    return sent.reduce((sum, events) => sum + events, 0) / seconds;
  };
  return ({ ours, peer }) =>
    alternate(
      size.rounds,
      () => round(ours),
      () => round(peer),
    );
}

function counted({ context, pair }: Sides): (both: Both) => Promise<string[]> {
  const batches = Math.ceil(context.size.countedOperations / DEVICES);
  return async (both) => {
    const lines: string[] = [];
    for (const who of ['ours', 'peer'] as const) {
      const store = who === 'ours' ? pair.ours : pair.peer;
      const costs = await countCosts({ ...both[who], store }, batches * DEVICES, async () => {
        await Promise.all(both[who].senders.map((sender) => sender.batches(batches)));
      });
      lines.push(describeCosts(`${who}, batch of ${BATCH_EVENTS}`, costs));
    }
    return lines;
  };
}
