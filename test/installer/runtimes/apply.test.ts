import { describe, expect, test } from '@jest/globals';
import { ExitError } from '../../../installer/exit-codes.ts';
import { Killed } from '../../../installer/host/recording-host.ts';
import { createRig, endState, HOME, type Kind, type Rig } from '../support/rig.ts';

const KINDS: readonly Kind[] = ['systemd', 'pidfile', 'container', 'helm'];
const ON_MACHINE: readonly Kind[] = ['systemd', 'pidfile', 'container'];

/** What serves, in words that hold for every runtime. */
function serving({ played, tree }: Rig): string {
  const { process, containers, helm } = played.state;
  const container = containers.get('sallyport');
  if (process !== null) return process.applied;
  if (container?.running === true) return container.applied;
  if (helm !== null) return JSON.stringify(helm.values);
  return tree.has(`${HOME}/current`) ? 'stopped' : 'nothing';
}

async function exitOf(run: Promise<unknown>): Promise<string> {
  try {
    await run;
    return 'none';
  } catch (error) {
    return error instanceof ExitError ? error.exit : String(error);
  }
}

describe.each(KINDS)('apply, %s', (kind) => {
  test('installs, and the second time changes nothing', async () => {
    const rig = createRig(kind);
    expect(await rig.apply()).toBe('done');
    expect(serving(rig)).toContain('0.1.0');
    const before = endState(rig);
    const again = rig.host.reborn();
    expect(await rig.apply(again)).toBe('nothing to do');
    expect(again.recording.effects).toEqual([]);
    expect(endState(rig)).toEqual(before);
  });

  test('killed at any effect of an install and run again, the end is the same', async () => {
    await killEverywhere(kind, async () => undefined, '0.1.0');
  });

  test('killed at any effect of an upgrade and run again, the end is the same', async () => {
    await killEverywhere(
      kind,
      async (rig) => {
        await rig.apply();
        rig.want('0.2.0');
      },
      '0.2.0',
    );
  });

  test('a change of the configuration is applied, and the one before is kept', async () => {
    const rig = createRig(kind);
    await rig.apply();
    const before = serving(rig);
    rig.want('0.1.0', { payments: { currency_default: 'CHF' } });
    expect(await rig.apply(rig.host.reborn())).toBe('done');
    expect(serving(rig)).not.toBe(before);
    if (kind !== 'helm') {
      const kept = rig.tree.get(`${HOME}/previous`);
      expect(kept).toEqual({ kind: 'link', target: `applied/${before}` });
    }
  });

  test('a new release that does not become ready: what served before serves', async () => {
    const rig = createRig(kind);
    await rig.apply();
    const before = serving(rig);
    rig.want('0.2.0');
    rig.played.behaviour.serve = 'never ready';
    expect(await exitOf(rig.apply(rig.host.reborn()))).toBe('takenBack');
    expect(serving(rig)).toBe(before);
  });

  test('a new release that is sick soon after it was ready: what served before serves', async () => {
    const rig = createRig(kind);
    await rig.apply();
    const before = serving(rig);
    rig.want('0.2.0');
    rig.played.behaviour.serve = 'sick later';
    expect(await exitOf(rig.apply(rig.host.reborn()))).toBe('takenBack');
    expect(serving(rig)).toBe(before);
    rig.played.behaviour.serve = 'good';
    expect(await rig.apply(rig.host.reborn())).toBe('done');
    expect(serving(rig)).toContain('0.2.0');
  });

  test('a first install that is sick soon after it was ready leaves nothing running', async () => {
    const rig = createRig(kind);
    rig.want('0.2.0');
    rig.played.behaviour.serve = 'sick later';
    expect(await exitOf(rig.apply())).toBe('takenBack');
    expect(serving(rig)).toBe('nothing');
  });

  test('uninstall killed at any effect and run again ends with nothing running', async () => {
    for (let killAt = 0; ; killAt += 1) {
      const rig = createRig(kind);
      await rig.apply();
      const host = rig.host.reborn(killAt);
      const wasKilled = await isKilled(rig.uninstall(host));
      if (!wasKilled) break;
      await rig.uninstall(rig.host.reborn());
      expect(serving(rig)).toBe('nothing');
      expect(rig.tree.has(`${HOME}/data`)).toBe(kind !== 'helm');
    }
  });
});

/** Of the table's live settings. */
const LIVE = { log: { level: 'warn' } };
const NOT_LIVE = { http: { port: 18080, host: '127.0.0.2' } };

describe.each(ON_MACHINE)('a change of live settings alone, %s', (kind) => {
  async function installed(): Promise<Rig> {
    const rig = createRig(kind);
    await rig.apply();
    return rig;
  }

  test('is planned as a reload, each setting named, and applied without a restart', async () => {
    const rig = await installed();
    const before = serving(rig);
    rig.want('0.1.0', LIVE);
    const { target, change } = await rig.runtime(rig.host.reborn());
    expect(change).toEqual({
      takes: 'reload',
      settings: [{ path: 'log.level', before: null, after: '"warn"', takes: 'reload' }],
    });
    expect(await rig.apply(rig.host.reborn())).toBe('done');
    expect(serving(rig)).toBe(before);
    expect(rig.played.state).toMatchObject({ inForce: target, reloads: 1 });
    const state = await (await rig.runtime(rig.host.reborn())).look();
    expect(state).toMatchObject({ applied: target, wanted: target, running: true });
    expect(await rig.apply(rig.host.reborn())).toBe('nothing to do');
  });

  test('killed at any effect and run again, the end is the same, and nothing was restarted', async () => {
    const prepare = async (rig: Rig): Promise<void> => {
      await rig.apply();
      rig.want('0.1.0', LIVE);
    };
    await killEverywhere(kind, prepare, '0.1.0');
    const rig = await installed();
    const before = serving(rig);
    await prepare(rig);
    const effects = rig.host.reborn();
    await rig.apply(effects);
    expect(serving(rig)).toBe(before);
    expect(effects.recording.effects.join('\n')).not.toMatch(
      /SIGTERM|systemctl restart|podman (?:rename|rm|stop|start)/,
    );
  });

  test('that the server refuses is taken back, and the one before stays in force', async () => {
    const rig = await installed();
    const before = serving(rig);
    rig.want('0.1.0', LIVE);
    rig.played.behaviour.reload = 'refused';
    expect(await exitOf(rig.apply(rig.host.reborn()))).toBe('takenBack');
    expect(serving(rig)).toBe(before);
    expect(rig.played.state.inForce).toBe(before);
    expect(rig.tree.get(`${HOME}/current`)).toEqual({ kind: 'link', target: `applied/${before}` });
  });

  test.each([
    ['a setting that is not live changes too', { ...LIVE, ...NOT_LIVE }, '0.1.0', 'good'],
    ['the release changes too', LIVE, '0.2.0', 'good'],
    ['the server does not say what is in force', LIVE, '0.1.0', 'unknown'],
  ] as const)('is a restart where %s', async (_, settings, version, reload) => {
    const rig = await installed();
    rig.played.behaviour.reload = reload;
    rig.want(version, settings);
    const { change, target } = await rig.runtime(rig.host.reborn());
    expect(change?.takes).toBe('restart');
    expect(await rig.apply(rig.host.reborn())).toBe('done');
    expect(serving(rig)).toBe(target);
    expect(rig.played.state.reloads).toBe(0);
  });

  test('a later upgrade that fails brings back what was taken over', async () => {
    const rig = await installed();
    rig.want('0.1.0', LIVE);
    await rig.apply(rig.host.reborn());
    const { inForce } = rig.played.state;
    rig.want('0.2.0', LIVE);
    rig.played.behaviour.serve = 'never ready';
    expect(await exitOf(rig.apply(rig.host.reborn()))).toBe('takenBack');
    expect(rig.played.state.inForce).toBe(inForce);
    rig.want('0.1.0', LIVE);
    expect(await rig.apply(rig.host.reborn())).toBe('nothing to do');
  });
});

describe.each(ON_MACHINE)('a broken release, %s', (kind) => {
  test.each([
    ['refuses the configuration', { check: 'bad' as const }],
    ['has a migration that fails', { migrate: 'bad' as const }],
    ['does not start', { serve: 'ends' as const }],
    ['never gets ready', { serve: 'never ready' as const }],
    ['gets ready and is sick soon after', { serve: 'sick later' as const }],
    ['leaves the port to one that says the old version', { serve: 'as the old one' as const }],
    ['leaves the port to a stranger', { serve: 'as a stranger' as const }],
  ])('that %s is taken back, and leaves nothing behind', async (_, behaviour) => {
    const rig = createRig(kind);
    await rig.apply();
    const before = serving(rig);
    Object.assign(rig.played.behaviour, behaviour);
    rig.want('0.2.0');
    expect(await exitOf(rig.apply(rig.host.reborn()))).toBe('takenBack');
    expect(serving(rig)).toBe(before);
    expect(rig.tree.get(`${HOME}/current`)).toEqual({ kind: 'link', target: `applied/${before}` });
    const left = [...rig.tree.keys()].filter(
      (path) => path.startsWith(HOME) && path.includes('0.2.0'),
    );
    expect(left).toEqual([]);
  });

  test('a going back that is killed at any effect ends the same when apply is run again', async () => {
    for (let killAt = 0; ; killAt += 1) {
      const rig = createRig(kind);
      await rig.apply();
      const before = serving(rig);
      rig.want('0.2.0');
      rig.played.behaviour.serve = 'never ready';
      const wasKilled = await isKilled(rig.apply(rig.host.reborn(killAt)));
      if (!wasKilled) break;
      expect(await exitOf(rig.apply(rig.host.reborn()))).toBe('takenBack');
      expect(serving(rig)).toBe(before);
    }
  });
});

describe('an image that does not say which build it is, container', () => {
  test('is taken as long as an appliance answers', async () => {
    const rig = createRig('container');
    rig.played.behaviour.labels = 'none';
    expect(await rig.apply()).toBe('done');
  });

  test('is taken back when a stranger answers', async () => {
    const rig = createRig('container');
    await rig.apply();
    const before = serving(rig);
    rig.want('0.2.0');
    Object.assign(rig.played.behaviour, { labels: 'none', serve: 'as a stranger' });
    expect(await exitOf(rig.apply(rig.host.reborn()))).toBe('takenBack');
    expect(serving(rig)).toBe(before);
  });
});

/** One rig per effect: killed there, then run again by a new process. */
async function killEverywhere(
  kind: Kind,
  prepare: (rig: Rig) => Promise<void>,
  version: string,
): Promise<void> {
  const whole = createRig(kind);
  await prepare(whole);
  const host = whole.host.reborn();
  await whole.apply(host);
  const effects = host.recording.effects.length;
  expect(effects).toBeGreaterThan(4);
  for (let killAt = 0; killAt < effects; killAt += 1) {
    const rig = createRig(kind);
    await prepare(rig);
    const killed = rig.host.reborn(killAt);
    expect(await isKilled(rig.apply(killed))).toBe(true);
    await rig.apply(rig.host.reborn());
    const at = `killed before ${host.recording.effects[killAt]}`;
    expect({ at, serves: serving(rig).includes(version) }).toEqual({ at, serves: true });
    expect({ at, end: withoutDraws(endState(rig)) }).toEqual({
      at,
      end: withoutDraws(endState(whole)),
    });
    const again = rig.host.reborn();
    expect(await rig.apply(again)).toBe('nothing to do');
  }
}

/** Paths below a folder of this test's own differ from rig to rig. */
function withoutDraws(state: unknown): string {
  return JSON.stringify(state).replaceAll(/sallyport-rig-[^/"]+/g, 'rig');
}

/** The kill reaches a caller as itself, or as the reason why going back did not get through. */
async function isKilled(run: Promise<unknown>): Promise<boolean> {
  try {
    await run;
    return false;
  } catch (error) {
    return hasKill(error);
  }
}

function hasKill(error: unknown): boolean {
  if (error instanceof Killed) return true;
  return error instanceof Error && error.cause !== undefined && hasKill(error.cause);
}
