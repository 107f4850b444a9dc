// A simulated terminal as a process: `node simulators/terminal/main.ts --store DIR [--claim 'DGW1;…']`.
// Standard output says what happens, one JSON object a line; standard input takes control lines. Ends with
// its input, on `stop` and on SIGTERM; exits with 2 when it cannot claim or was started wrongly.

import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { claimPlace } from './claim-place.ts';
import { ControlError, readControl } from './control.ts';
import { openStore } from './store.ts';
import { createTerminal } from './terminal.ts';

const USAGE = `node simulators/terminal/main.ts --store DIR
  --store DIR            where it keeps everything; made when missing
  --claim TEXT           text of a claim's QR code; only when it has no place yet
  --camera-seed TEXT     what its captures are drawn from (terminal)
  --deadline-ms N        how long it waits for a decision (1500)
  --backoff-ms N         first wait before it dials again (1000)
  --backoff-spread-ms N  and a random part of it (5000)
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      store: { type: 'string' },
      claim: { type: 'string' },
      'camera-seed': { type: 'string', default: 'terminal' },
      'deadline-ms': { type: 'string', default: '1500' },
      'backoff-ms': { type: 'string', default: '1000' },
      'backoff-spread-ms': { type: 'string', default: '5000' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || values.store === undefined) {
    process.stderr.write(USAGE);
    return values.help ? 0 : 2;
  }
  const settings = {
    cameraSeed: values['camera-seed'],
    deadlineMs: milliseconds('--deadline-ms', values['deadline-ms']),
    backoff: {
      baseMs: milliseconds('--backoff-ms', values['backoff-ms']),
      spreadMs: milliseconds('--backoff-spread-ms', values['backoff-spread-ms']),
      doublings: 6,
    },
  };
  const store = openStore(values.store);
  if (store.membership() === null) {
    if (values.claim === undefined) throw new Error('--claim: expected the text of a claim code');
    const { device } = await claimPlace(store, values.claim);
    tell({ ev: 'claimed', device });
  }
  const terminal = createTerminal(store, settings, tell);
  terminal.start();
  await obeyUntilTheEnd(terminal);
  terminal.stop();
  store.close();
  return 0;
}

function obeyUntilTheEnd(terminal: ReturnType<typeof createTerminal>): Promise<void> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin });
    const end = (): void => {
      lines.close();
      resolve();
    };
    process.once('SIGTERM', end);
    process.once('SIGINT', end);
    lines.once('close', end);
    lines.on('line', (line) => {
      try {
        const control = readControl(line);
        if (control.cmd === 'stop') end();
        else terminal.obey(control);
      } catch (thrown) {
        if (!(thrown instanceof ControlError)) throw thrown;
        tell({ ev: 'refused', why: thrown.message });
      }
    });
  });
}

function milliseconds(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new Error(`${flag}: expected milliseconds, found "${text}"`);
  return value;
}

function tell(line: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

try {
  process.exitCode = await main();
  process.exit();
} catch (thrown) {
  process.stderr.write(`${(thrown as Error).message}\n`);
  process.exit(2);
}
