// Commands to the terminal: noted before they are carried out, carried out once, the result kept until the
// appliance says that it has it. Behaviours can be changed for rehearsals.

import type { Camera } from './camera.ts';
import type { EventLog } from './events.ts';
import type { Frame, Link } from './link.ts';
import type { Told } from './operations.ts';
import type { Reply, Store } from './store.ts';

export const BEHAVIOURS = ['obey', 'busy', 'deny', 'silent', 'die_before_reply'] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

export type Commands = {
  called(frame: Frame): void;
  finished(frame: Frame): void;
  /** After a welcome: results that the appliance may not have. */
  welcomed(): void;
  /** Who stands before the camera; null when nobody does. */
  stand(personSeed: string | null): void;
  behave(behaviour: Behaviour): void;
};

export type CommandParts = {
  store: Store;
  link: Link;
  camera: Camera;
  events: EventLog;
  tell: Told;
};

const CAPTURES = 2;
const CAPTURE_TRIES_MAX = 6;
const QUALITY_FLOOR = 40;

export function createCommands(parts: CommandParts): Commands {
  const { store, link, tell } = parts;
  let standing: string | null = null;
  let behaviour: Behaviour = 'obey';

  const called = (frame: Frame): void => {
    const id = String(frame['id']);
    const known = store.knownCommand(id);
    if (known !== null) {
      link.send(known.reply === null ? { t: 'rcv', id } : { ...known.reply, id });
      return;
    }
    const method = String(frame['m']);
    store.noteCommand(id, Number(frame['off']), method);
    link.send({ t: 'rcv', id });
    tell({ ev: 'command', id, method, params: frame['p'] });
    if (behaviour === 'silent') return;
    const reply = replyTo(method, frame);
    store.keepReply(id, reply);
    if (behaviour === 'die_before_reply') process.kill(process.pid, 'SIGKILL');
    link.send({ ...reply, id });
  };
  const replyTo = (method: string, frame: Frame): Reply => {
    if (Number(frame['exp']) <= link.serverTime()) return refuse('Expired', 'its time is over');
    if (behaviour === 'busy') return refuse('Busy', 'told to be busy');
    if (behaviour === 'deny') return refuse('Denied', 'told to deny');
    switch (method) {
      case 'enrol':
        return enrol(parts.camera, standing);
      case 'open_door':
        parts.events.record('door.opened', { by: 'command' });
        return { t: 'res', r: { opened: true } };
      case 'message':
        return { t: 'res', r: { shown: true } };
      default:
        return refuse('NotImplemented', `this terminal does not know ${method}`);
    }
  };

  return {
    called,
    finished: (frame) => {
      const id = String(frame['id']);
      store.settle(id);
      tell({ ev: 'command_settled', id });
    },
    welcomed: () => {
      for (const { id, reply } of store.unsettled())
        if (reply !== null) link.send({ ...reply, id });
    },
    stand: (personSeed) => void (standing = personSeed),
    behave: (wanted) => void (behaviour = wanted),
  };
}

function enrol(camera: Camera, standing: string | null): Reply {
  if (standing === null) return refuse('Denied', 'nobody stands before the camera');
  const captures = [];
  for (let tries = 0; tries < CAPTURE_TRIES_MAX && captures.length < CAPTURES; tries += 1) {
    const captured = camera.capture(standing, { purpose: 'enrolment' });
    if (captured.quality >= QUALITY_FLOOR) captures.push(captured);
  }
  return captures.length === 0
    ? refuse('PoorQuality', 'no capture was good enough')
    : { t: 'res', r: { captures } };
}

function refuse(code: string, detail: string): Reply {
  return { t: 'err', code, detail };
}
