// The terminal: joins its store, its link, its camera and its hands, and obeys the control lines. Says what
// happens as lines of JSON, through the function it is given.

import { type Camera, createCamera } from './camera.ts';
import { type Commands, createCommands } from './commands.ts';
import type { Control } from './control.ts';
import { createEventLog, type EventLog } from './events.ts';
import { type Backoff, createLink, type Frame, type Link, type LinkEvents } from './link.ts';
import { createLoad, type Load } from './load.ts';
import { createOperations, type Operations, type Told } from './operations.ts';
import type { Store } from './store.ts';

export type TerminalSettings = {
  cameraSeed: string;
  deadlineMs: number;
  backoff: Backoff;
};

export type Terminal = {
  start(): void;
  obey(control: Order): void;
  stop(): void;
};

type Order = Exclude<Control, { cmd: 'stop' }>;

type Parts = {
  store: Store;
  settings: TerminalSettings;
  tell: Told;
  camera: Camera;
  link: Link;
  events: EventLog;
  operations: Operations;
  commands: Commands;
  load: Load;
  counts: { welcomes: number; losses: number };
};

/** Its log has gone backwards (§5). */
const POSITION_INVALID = 4_010;

export function createTerminal(store: Store, settings: TerminalSettings, tell: Told): Terminal {
  const camera = createCamera({ seed: settings.cameraSeed });
  const link: Link = createLink(
    store,
    {
      welcomed: (welcome) => onLine.welcomed(welcome),
      frame: (frame) => onLine.frame(frame),
      lost: (code, reason) => onLine.lost(code, reason),
    },
    settings.backoff,
  );
  const events = createEventLog(store, link);
  const parts: Parts = {
    store,
    settings,
    tell,
    camera,
    link,
    events,
    operations: createOperations(store, link, tell),
    commands: createCommands({ store, link, camera, events, tell }),
    load: createLoad(events),
    counts: { welcomes: 0, losses: 0 },
  };
  const onLine = listen(parts);
  return {
    start: link.start,
    obey: (control) => obey(parts, control),
    stop: () => {
      parts.load.set(0);
      link.stop();
    },
  };
}

function listen({ store, tell, events, operations, commands, counts }: Parts): LinkEvents {
  return {
    welcomed: (welcome) => {
      counts.welcomes += 1;
      store.resetIsTold();
      const { acked } = welcome['up'] as { acked: number };
      const down = welcome['down'] as { ep: string; applied: number; resume: string };
      if (down.resume === 'reset' || store.commandLog().ep === '')
        store.followCommandLog(down.ep, down.applied);
      const device = store.membership()?.device;
      tell({ ev: 'online', gen: welcome['gen'], device, epoch: store.epoch(), acked });
      commands.welcomed();
      operations.welcomed();
      events.welcomed(acked, (welcome['window'] as { events: number }).events);
    },
    frame: (frame: Frame) => {
      if (frame.t === 'ack') {
        events.acknowledged(frame);
        tell({ ev: 'acked', epoch: frame['ep'], seq: frame['s'], rej: frame['rej'] ?? [] });
      } else if (frame.t === 'answer') operations.answered(frame);
      else if (frame.t === 'call') commands.called(frame);
      else if (frame.t === 'fin') commands.finished(frame);
    },
    lost: (code, reason) => {
      counts.losses += 1;
      operations.lost();
      if (code === POSITION_INVALID) store.startEpoch('regressed');
      tell({ ev: 'offline', code, reason });
    },
  };
}

function obey(parts: Parts, control: Order): void {
  const { store, settings, tell, link, events, operations, commands, load } = parts;
  switch (control.cmd) {
    case 'event': {
      const seq = events.record(control.type, control.data, control.count);
      return tell({ ev: 'stored', epoch: store.epoch(), seq });
    }
    case 'pay':
      return pay(parts, control);
    case 'ask': {
      const deadlineMs = control.deadlineMs ?? settings.deadlineMs;
      return void operations.ask(control.kind, control.body, deadlineMs);
    }
    case 'stand':
      commands.stand(control.personSeed);
      return tell({ ev: 'standing', person_seed: control.personSeed });
    case 'behave':
      commands.behave(control.as);
      return tell({ ev: 'behaving', as: control.as });
    case 'load':
      load.set(control.perSecond);
      return tell({ ev: 'load', per_second: control.perSecond });
    case 'drop':
      return link.drop();
    case 'offline':
      return link.allow(false);
    case 'online':
      return link.allow(true);
    case 'stats':
      return tell(stats(parts));
  }
}

function pay(
  { camera, settings, operations }: Parts,
  control: Extract<Control, { cmd: 'pay' }>,
): void {
  const { amount, currency, personSeed, description } = control;
  const body = {
    amount: { amount, currency },
    probe: control.probe ?? camera.capture(personSeed ?? ''),
    ...(description === null ? {} : { description }),
  };
  operations.ask('payment', body, control.deadlineMs ?? settings.deadlineMs);
}

function stats({ store, link, operations, counts }: Parts): Record<string, unknown> {
  return {
    ev: 'stats',
    online: link.isUp(),
    device: store.membership()?.device ?? null,
    epoch: store.epoch(),
    recorded: store.nextSeq() - 1,
    acked: store.acked(),
    open_operations: operations.open(),
    unsettled_commands: store.unsettled().length,
    ...counts,
  };
}
