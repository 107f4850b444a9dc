// The terminal: joins its store, its line, its camera and its hands, and obeys the control lines. Says what
// happens as lines of JSON, through the function it is given.

import { createCamera } from './camera.ts';
import { createCommands } from './commands.ts';
import type { Control } from './control.ts';
import { createEventLog } from './events.ts';
import { type Backoff, createLink, type Frame, type Link } from './link.ts';
import { createOperations, type Told } from './operations.ts';
import type { Store } from './store.ts';

export type TerminalSettings = {
  cameraSeed: string;
  deadlineMs: number;
  backoff: Backoff;
};

export type Terminal = {
  start(): void;
  obey(control: Exclude<Control, { cmd: 'stop' }>): void;
  stop(): void;
};

/** Load comes in portions: this often. */
const LOAD_TICK_MS = 50;
/** Its log has gone backwards (§5). */
const POSITION_INVALID = 4_010;

export function createTerminal(store: Store, settings: TerminalSettings, tell: Told): Terminal {
  const camera = createCamera({ seed: settings.cameraSeed });
  const counts = { welcomes: 0, losses: 0 };
  let load: NodeJS.Timeout | null = null;

  const link: Link = createLink(
    store,
    {
      welcomed: (welcome) => {
        counts.welcomes += 1;
        store.resetIsTold();
        const up = welcome['up'] as { acked: number };
        const down = welcome['down'] as { ep: string; applied: number; resume: string };
        if (down.resume === 'reset' || store.commandLog().ep === '')
          store.followCommandLog(down.ep, down.applied);
        tell({
          ev: 'online',
          gen: welcome['gen'],
          device: store.membership()?.device,
          epoch: store.epoch(),
          acked: up.acked,
        });
        commands.welcomed();
        operations.welcomed();
        events.welcomed(up.acked, (welcome['window'] as { events: number }).events);
      },
      frame: (frame) => route(frame),
      lost: (code, reason) => {
        counts.losses += 1;
        operations.lost();
        if (code === POSITION_INVALID) store.startEpoch('regressed');
        tell({ ev: 'offline', code, reason });
      },
    },
    settings.backoff,
  );
  const events = createEventLog(store, link);
  const operations = createOperations(store, link, tell);
  const commands = createCommands({ store, link, camera, events, tell });

  const route = (frame: Frame): void => {
    if (frame.t === 'ack') {
      events.acknowledged(frame);
      tell({ ev: 'acked', epoch: frame['ep'], seq: frame['s'], rej: frame['rej'] ?? [] });
    } else if (frame.t === 'answer') operations.answered(frame);
    else if (frame.t === 'call') commands.called(frame);
    else if (frame.t === 'fin') commands.finished(frame);
  };
  const setLoad = (perSecond: number): void => {
    if (load !== null) clearInterval(load);
    load = null;
    if (perSecond === 0) return;
    let owed = 0;
    load = setInterval(() => {
      owed += (perSecond * LOAD_TICK_MS) / 1_000;
      const count = Math.floor(owed);
      owed -= count;
      if (count > 0) events.record('load.tick', { per_second: perSecond }, count);
    }, LOAD_TICK_MS);
  };
  const pay = (control: Extract<Control, { cmd: 'pay' }>): void => {
    const { amount, currency, personSeed, description } = control;
    const probe = control.probe ?? camera.capture(personSeed ?? '');
    const body = {
      amount: { amount, currency },
      probe,
      ...(description === null ? {} : { description }),
    };
    operations.ask('payment', body, control.deadlineMs ?? settings.deadlineMs);
  };

  const obey: Terminal['obey'] = (control) => {
    switch (control.cmd) {
      case 'event': {
        const seq = events.record(control.type, control.data, control.count);
        return tell({ ev: 'stored', epoch: store.epoch(), seq });
      }
      case 'pay':
        return pay(control);
      case 'ask':
        operations.ask(control.kind, control.body, control.deadlineMs ?? settings.deadlineMs);
        return;
      case 'stand':
        commands.stand(control.personSeed);
        return tell({ ev: 'standing', person_seed: control.personSeed });
      case 'behave':
        commands.behave(control.as);
        return tell({ ev: 'behaving', as: control.as });
      case 'load':
        setLoad(control.perSecond);
        return tell({ ev: 'load', per_second: control.perSecond });
      case 'drop':
        return link.drop();
      case 'offline':
      case 'online':
        return link.allow(control.cmd === 'online');
      case 'stats':
        return tell(stats());
    }
  };
  const stats = (): Record<string, unknown> => ({
    ev: 'stats',
    online: link.isUp(),
    device: store.membership()?.device ?? null,
    epoch: store.epoch(),
    recorded: store.nextSeq() - 1,
    acked: store.acked(),
    open_operations: operations.open(),
    unsettled_commands: store.unsettled().length,
    ...counts,
  });

  return {
    start: link.start,
    obey,
    stop: () => {
      setLoad(0);
      link.stop();
    },
  };
}
