// The line between the appliance and this provider. While it is cut, sockets are reset or hang,
// whatever arrives is never acted on, and nothing is sent. The state survives a restart.

import type { Socket } from 'node:net';
import { type Database, readSetting, writeSetting } from './database.ts';

export const WAN_MODES = ['reset', 'hang', 'both'] as const;
export type WanMode = (typeof WAN_MODES)[number];

export type Wan = {
  state(): { state: 'up' | 'cut'; mode: WanMode; sockets: number; hanging: number };
  isCut(): boolean;
  /** Every new socket passes here. */
  admit(socket: Socket): void;
  /** Whether what this socket carries still arrives, either way. */
  carries(socket: Socket): boolean;
  /** Leaves a socket open and silent until the client, or the line's return, closes it. */
  hold(socket: Socket): void;
  cut(mode: WanMode): void;
  restore(): void;
  onCut(listener: () => void): void;
};

export function createWan(db: Database): Wan {
  let isCut = readSetting(db, 'wan_state') === 'cut';
  let mode = (readSetting(db, 'wan_mode') ?? 'reset') as WanMode;
  let turn = 0;
  const open = new Set<Socket>();
  const hanging = new Set<Socket>();
  const listeners: (() => void)[] = [];

  function sever(socket: Socket): void {
    turn += 1;
    const isReset = mode === 'reset' || (mode === 'both' && turn % 2 === 1);
    if (isReset) socket.resetAndDestroy();
    else hanging.add(socket);
  }

  function remember(nowCut: boolean, nextMode: WanMode): void {
    writeSetting(db, 'wan_state', nowCut ? 'cut' : 'up');
    writeSetting(db, 'wan_mode', nextMode);
    isCut = nowCut;
    mode = nextMode;
  }

  return {
    state: () => ({
      state: isCut ? 'cut' : 'up',
      mode,
      sockets: open.size,
      hanging: hanging.size,
    }),
    isCut: () => isCut,
    admit(socket) {
      open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        open.delete(socket);
        hanging.delete(socket);
      });
      if (isCut) sever(socket);
    },
    carries: (socket) => !socket.destroyed && !hanging.has(socket),
    hold: (socket) => void hanging.add(socket),
    cut(nextMode) {
      remember(true, nextMode);
      for (const socket of open) if (!hanging.has(socket)) sever(socket);
      for (const listener of listeners) listener();
    },
    restore() {
      remember(false, mode);
      for (const socket of hanging) socket.resetAndDestroy();
    },
    onCut: (listener) => void listeners.push(listener),
  };
}
