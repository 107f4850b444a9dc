// The image as it runs: walls, probes, signals, orphans, data. Needs an image (`npm run image`) and its engine.

import { request } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { until } from '../support/until.ts';
import {
  apiKeyOf,
  type Container,
  engine,
  IMAGE,
  labelOf,
  removeContainers,
  runOnce,
  startContainer,
} from './container.ts';

afterEach(removeContainers);

const ORPHAN = '(sleep 0.1 &); exit 0';
/** Lines `pid name state` of every process but the one that asks. */
const PROCESSES = `for p in /proc/[0-9]*; do [ $p = /proc/$$ ] || read -r pid name state rest <$p/stat && echo $pid $name $state; done`;

const processes = (container: Container): string[] =>
  container.exec('sh', '-c', PROCESSES).output.split('\n');

describe('any UID on a read-only root', () => {
  test.each(['12345:0', `${1_000_000_000 + Math.floor(Math.random() * 1e8)}:0`])(
    'as %s it serves /readyz, and its root cannot be written',
    async (user) => {
      const container = await startContainer({ user });
      expect(container.exec('node', '-p', 'process.getuid() + ":" + process.getgid()').output).toBe(
        user,
      );
      const status = container.exec('cat', '/proc/1/status').output;
      expect(status).toMatch(/^CapEff:\s+0+$/m);
      expect(status).toMatch(/^CapBnd:\s+0+$/m);
      expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
      for (const folder of ['/', '/opt/sallyport', '/etc', '/usr/local/bin']) {
        const { status: code, output } = container.exec('touch', `${folder}/x`);
        expect({ folder, code, output }).toEqual({
          folder,
          code: 1,
          output: expect.stringContaining('Read-only file system'),
        });
      }
      const compiled = container.exec('sh', '-c', 'ls -L /tmp/sallyport-compiled-*/*').output;
      expect(compiled.split('\n').length).toBeGreaterThan(100);
    },
  );

  test('/version tells the commit the label tells', async () => {
    const container = await startContainer();
    const build = (await (await fetch(`${container.api}/version`)).json()) as { commit: string };
    expect(build.commit).toMatch(/^[0-9a-f]{40}(-dirty)?$/);
    expect(build.commit).toBe(labelOf(IMAGE, 'org.opencontainers.image.revision'));
  });

  test('a UID that may not write the data is told so and ends with 1', () => {
    const { status, output } = runOnce(IMAGE, [], ['--user', '12345:12345']);
    expect(output).toMatch(/Sallyport did not start: .*\S/);
    expect(status).toBe(1);
  });

  test('a wrong setting ends with 2 and is named', () => {
    const { status, output } = runOnce(IMAGE, [], ['--env', 'SALLYPORT_HTTP_PORT=abc']);
    expect(output).toContain('http.port: expected a port');
    expect(status).toBe(2);
  });
});

describe('HEALTHCHECK', () => {
  const command = (): string[] => {
    // podman shows it beside the configuration, docker inside.
    const [image] = JSON.parse(engine('inspect', '--type', 'image', IMAGE)) as [
      { Healthcheck?: { Test: string[] }; Config: { Healthcheck?: { Test: string[] } } },
    ];
    const { Test: asked } = image.Config.Healthcheck ?? image.Healthcheck ?? { Test: [] };
    const [kind, ...words] = asked;
    expect(kind).toBe('CMD');
    return words;
  };

  test('is content with a server that serves, and finds its port by itself', async () => {
    const container = await startContainer();
    expect(container.exec(...command())).toEqual({ status: 0, output: '' });
  });

  test('objects when nothing answers', async () => {
    const container = await startContainer();
    const asked = container.exec('env', 'SALLYPORT_HTTP_PORT=1', ...command());
    expect(asked.status).toBe(1);
    expect(asked.output).toMatch(/^unhealthy: http:\/\/127\.0\.0\.1:1\/livez: .*ECONNREFUSED/);
  });

  test('a worker is asked too', async () => {
    const container = await startContainer({ args: ['worker'], until: 'started' });
    await until('the worker', () => container.logs().includes('"serving"'));
    expect(container.exec(...command())).toEqual({ status: 0, output: '' });
    expect(container.exec('env', 'SALLYPORT_HTTP_PORT=1', ...command()).status).toBe(1);
  });
});

describe('signals and orphans', () => {
  test('SIGTERM lets the request in flight finish and ends with 0', async () => {
    const container = await startContainer();
    const body = JSON.stringify({ node_id: await rootNode(container), display_name: 'Late' });
    const slow = startPost(container, '/v1/people', body.length);
    slow.write(body.slice(0, 10));
    await slow.connected;
    container.signal('TERM');
    await until('the drain', () => container.logs().includes('"stopping"'));
    slow.end(body.slice(10));
    expect(await slow.status).toBe(201);
    expect(await container.ended()).toBe(0);
  });

  test('SIGINT means the same', async () => {
    const container = await startContainer();
    container.signal('INT');
    expect(await container.ended()).toBe(0);
  });

  test('SIGTERM while it starts is heard: it ends at once or drains', async () => {
    const container = await startContainer({ until: 'started' });
    await until('PID 1', () => container.exec('cat', '/proc/1/comm').output.includes('init.sh'));
    container.signal('TERM');
    expect([0, 143]).toContain(await container.ended(15_000));
  });

  test('orphans are reaped', async () => {
    const container = await startContainer();
    expect(container.exec('sh', '-c', ORPHAN).status).toBe(0);
    await until('the orphan’s end', () => !processes(container).some((p) => p.includes('sleep')));
  });

  test('Node alone as PID 1 would leave them: the test can tell', async () => {
    const container = await startContainer({
      flags: ['--entrypoint', 'node'],
      args: ['/opt/sallyport/scripts/image/inside/serve.js', 'all'],
    });
    expect(container.exec('sh', '-c', ORPHAN).status).toBe(0);
    await until('a zombie', () => processes(container).some((p) => p.includes('(sleep) Z')));
  });
});

test('kill -9 and a start again: what was acknowledged is there', async () => {
  const container = await startContainer();
  const nodeId = await rootNode(container);
  const names = ['One', 'Two', 'Three'];
  for (const name of names) {
    const response = await call(container, '/v1/people', { node_id: nodeId, display_name: name });
    expect(response.status).toBe(201);
  }
  container.signal('KILL');
  expect(await container.ended()).toBe(137);
  await container.start();
  const page = (await (await call(container, '/v1/people')).json()) as {
    data: { display_name: string }[];
  };
  expect(page.data.map((person) => person.display_name)).toEqual(expect.arrayContaining(names));
});

async function rootNode(container: Container): Promise<string> {
  const me = (await (await call(container, '/v1/whoami')).json()) as Record<string, unknown>;
  const page = (await (await call(container, '/v1/nodes')).json()) as { data: { id: string }[] };
  const [root] = page.data;
  if (root === undefined) throw new Error(`no node for ${JSON.stringify(me)}`);
  return root.id;
}

function call(container: Container, path: string, body?: object): Promise<Response> {
  const asked = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  return fetch(container.api + path, { ...asked, headers: headersOf(container) });
}

function headersOf(container: Container): Record<string, string> {
  return {
    authorization: `Bearer ${apiKeyOf(container)}`,
    'content-type': 'application/json',
    'idempotency-key': `k-${Math.random().toString(36).slice(2)}`,
  };
}

/** A request whose body is written in pieces. */
function startPost(container: Container, path: string, length: number) {
  const asked = request(container.api + path, {
    method: 'POST',
    headers: { ...headersOf(container), 'content-length': String(length) },
  });
  const status = new Promise<number | undefined>((resolve, reject) => {
    asked.once('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.once('error', reject);
  });
  const connected = new Promise<void>((resolve) => {
    asked.once('socket', (socket) => socket.once('connect', () => resolve()));
  });
  return {
    write: (text: string) => asked.write(text),
    end: (text: string) => void asked.end(text),
    connected,
    status,
  };
}
