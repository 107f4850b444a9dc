// One real appliance on podman, from the three commands of docs/install.md to its removal: each test finds it
// as the one before left it.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BROKEN_SOURCES } from '../support/broken-sources.ts';
import { type Checkout, documentedCommands, makeCheckout } from '../support/documented.ts';
import { readiness, setLogLevel } from '../support/live-setting.ts';
import { killAtStep } from '../support/real-box.ts';
import { engine, type Images, makeImages } from '../support/images.ts';

const APPLY = 'npx sallyport apply --soak-ms 1000 --start-limit-ms 20000';
const COMMANDS = documentedCommands('A container');
const API = 'http://127.0.0.1:8080';

let checkout: Checkout;
let images: Images;
let home: string;

beforeAll(async () => {
  const image = /--image (\S+)/.exec(COMMANDS[0] ?? '')?.[1] ?? '';
  images = makeImages(image);
  checkout = await makeCheckout();
  home = join(checkout.folder, 'box');
});

afterAll(async () => {
  await checkout?.type('npx sallyport uninstall');
  checkout?.remove();
  images?.remove();
});

function useImage(image: string): void {
  const file = join(checkout.folder, 'appliance.yaml');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(/^( {2}image: ).*$/m, `$1${JSON.stringify(image)}`));
}

interface Shown {
  Id: string;
  State: { Running: boolean };
  Config: { StopTimeout?: number; User: string };
  ImageName: string;
}

function serving(): Shown {
  const [shown] = JSON.parse(engine('container', 'inspect', 'sallyport')) as Shown[];
  if (shown === undefined) throw new Error('expected a container, found none');
  return shown;
}

/** Names of all containers of this appliance. */
function containers(): string[] {
  const names = engine('ps', '--all', '--format', '{{.Names}}', '--filter', 'name=^sallyport');
  return names.split('\n').filter((name) => /^sallyport(?:-(?:before|check|migrate))?$/.test(name));
}

async function whoAmI(): Promise<number> {
  const key = readFileSync(join(home, 'data/bootstrap-api-key'), 'utf8').trim();
  const headers = { authorization: `Bearer ${key}` };
  return (await fetch(`${API}/v1/whoami`, { headers })).status;
}

describe('the container runtime, for real', () => {
  test('three commands, as documented, lead to a story that was told', async () => {
    expect(COMMANDS).toHaveLength(3);
    let told = '';
    for (const command of COMMANDS) {
      const { code, output } = await checkout.type(command);
      expect({ command, code, output }).toMatchObject({ code: 0 });
      told = output;
    }
    expect(told).toContain('ledger = provider ledger');
  });

  test('applied again nothing changes, and it verifies', async () => {
    const { Id: before, Config } = serving();
    expect(await checkout.type(APPLY)).toMatchObject({
      code: 0,
      output: expect.stringContaining('Nothing to do'),
    });
    expect(serving().Id).toBe(before);
    expect(await checkout.type('npx sallyport verify')).toMatchObject({ code: 0 });
    // Longer than the server's own drain of 20 s; podman's default is 10.
    expect(Config.StopTimeout).toBe(30);
    expect(Config.User).not.toMatch(/^(?:0|root)?(?::|$)/);
  });

  test('a change of a live setting is taken over by the container that runs', async () => {
    const { Id: before } = serving();
    setLogLevel(join(checkout.folder, 'appliance.yaml'), 'warn');
    expect(await checkout.type('npx sallyport plan')).toMatchObject({
      output: expect.stringMatching(/^reload +log\.level: default → "warn"$/m),
    });
    expect(await checkout.type(APPLY)).toMatchObject({ code: 0 });
    expect(serving().Id).toBe(before);
    const { config } = await readiness(API);
    expect(config).toMatchObject({ generation: 2, last_reload: { ok: true }, restart_needed: [] });
    const again = await checkout.type(APPLY);
    expect(again).toMatchObject({ code: 0, output: expect.stringContaining('Nothing to do') });
    expect(await checkout.type('npx sallyport status')).toMatchObject({
      code: 0,
      output: expect.stringContaining(`${config.digest}, generation 2`),
    });
  });

  test('a change of the image, killed with SIGKILL at three steps, ends as if nothing had been', async () => {
    useImage(images.next);
    for (const step of ['checked', 'migrated', 'serve']) {
      const args = ['installer/main.ts', 'apply', '--json'];
      const apply = spawn(process.execPath, args, { cwd: checkout.folder });
      expect({ step, end: await killAtStep(apply, step) }).toEqual({ step, end: 'killed' });
    }
    expect(await checkout.type(APPLY)).toMatchObject({ code: 0 });
    expect(serving().ImageName).toBe(images.next);
    expect(await whoAmI()).toBe(200);
    expect(containers()).toEqual(['sallyport']);
    // The one that runs, the one before, and the link that the container reads.
    expect(readdirSync(join(home, 'applied'))).toHaveLength(3);
    expect(existsSync(join(home, 'state/lock'))).toBe(false);
    expect(await checkout.type(APPLY)).toMatchObject({
      code: 0,
      output: expect.stringContaining('Nothing to do'),
    });
  });

  test.each(Object.keys(BROKEN_SOURCES))(
    'an image that %s leaves the old one serving and the data as it was',
    async (kind) => {
      const current = readlinkSync(join(home, 'current'));
      useImage(images.broken[kind] ?? '');
      const { code, output } = await checkout.type(APPLY);
      expect({ code, output }).toMatchObject({ code: 4 });
      expect(serving()).toMatchObject({ ImageName: images.next, State: { Running: true } });
      expect(await whoAmI()).toBe(200);
      expect(containers()).toEqual(['sallyport']);
      expect(readlinkSync(join(home, 'current'))).toBe(current);
      useImage(images.next);
      expect(await checkout.type(APPLY)).toMatchObject({
        code: 0,
        output: expect.stringContaining('Nothing to do'),
      });
    },
  );

  test('uninstall takes the containers and leaves the data', async () => {
    expect(await checkout.type('npx sallyport uninstall')).toMatchObject({ code: 0 });
    expect(containers()).toEqual([]);
    for (const name of ['data/sallyport.db', 'data/keys.json', 'secrets', 'config/trust']) {
      expect({ name, there: existsSync(join(home, name)) }).toEqual({ name, there: true });
    }
    expect(await checkout.type('npx sallyport status')).toMatchObject({ code: 7 });
  });
});
