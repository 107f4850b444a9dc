// A machine in memory, for tests: files, a clock that jumps, and commands, processes and probes answered by
// a model the test supplies. It records every effect and can be killed at the nth one: that effect does not
// happen, and from then on nothing does, whatever the code under test catches. `reborn` is the same machine
// after the kill, seen by a new process.

import type { Command, CommandResult, Detached, FoundPod, Host, ProbeAnswer } from './host.ts';
import { memoryFiles, type MemoryTree } from './memory-files.ts';

/** What the test plays: systemctl, podman, helm, the server itself. It keeps its own state. */
export interface MachineModel {
  run(command: Command): CommandResult;
  start(detached: Detached): number;
  signal(pid: number, signal: string): void;
  identity(pid: number): string | null;
  probe(url: string): ProbeAnswer | null;
  pods(): readonly FoundPod[];
}

export interface Recording {
  readonly effects: readonly string[];
  readonly tree: MemoryTree;
}

export interface RecordingHost extends Host {
  readonly recording: Recording;
  /** The same machine seen by a new process of the installer. */
  reborn(killAtEffect?: number): RecordingHost;
}

/** Thrown at the kill and by every call after it. */
export class Killed extends Error {
  constructor(effect: string) {
    super(`killed before: ${effect}`);
    this.name = 'Killed';
  }
}

interface Machine {
  tree: MemoryTree;
  model: MachineModel;
  nowMs: number;
  drawn: number;
  nextPid: number;
  alive: Set<number>;
}

const FIRST_PID = 100_000;
const START_MS = Date.UTC(2026, 10, 21);

export function recordingHost(model: MachineModel, tree: MemoryTree): RecordingHost {
  const machine: Machine = {
    tree,
    model,
    nowMs: START_MS,
    drawn: 0,
    nextPid: FIRST_PID,
    alive: new Set(),
  };
  return hostOf(machine, Number.POSITIVE_INFINITY);
}

function hostOf(machine: Machine, killAt: number): RecordingHost {
  const { model, tree } = machine;
  const effects: string[] = [];
  const ownPid = (machine.nextPid += 1);
  machine.alive.add(ownPid);
  const look = (what: string): void => {
    if (!machine.alive.has(ownPid)) throw new Killed(what);
  };
  const effect = (what: string): void => {
    look(what);
    if (effects.length >= killAt) {
      machine.alive.delete(ownPid);
      throw new Killed(what);
    }
    effects.push(what);
  };
  return {
    recording: { effects, tree },
    reborn: (killAtEffect = Number.POSITIVE_INFINITY) => {
      machine.alive.delete(ownPid);
      return hostOf(machine, killAtEffect);
    },
    files: memoryFiles(tree, { look, effect }),
    commands: {
      run: async (command) => {
        const line = [command.program, ...command.args].join(' ');
        if (command.isLook === true) look(line);
        else effect(`run ${line}`);
        return model.run(command);
      },
    },
    processes: {
      ownPid,
      ownUser: { uid: 1000, gid: 1000 },
      identity: async (pid) => {
        look(`identity ${pid}`);
        if (pid >= FIRST_PID) return machine.alive.has(pid) ? `installer ${pid}` : null;
        return model.identity(pid);
      },
      start: async (detached) => {
        effect(`start ${detached.program} ${detached.args.join(' ')}`);
        return model.start(detached);
      },
      signal: async (pid, signal) => {
        effect(`signal ${pid} ${signal}`);
        model.signal(pid, signal);
      },
    },
    clock: {
      nowMs: () => machine.nowMs,
      sleep: async (ms) => {
        look(`sleep ${ms}`);
        machine.nowMs += ms;
      },
    },
    probe: async (url) => {
      look(`probe ${url}`);
      return model.probe(url);
    },
    pods: async ({ name }) => {
      look(`pods ${name}`);
      return model.pods();
    },
    randomHex: (bytes) => {
      machine.drawn += 1;
      return machine.drawn.toString(16).padStart(bytes * 2, '0');
    },
    hostname: 'recorded',
  };
}
