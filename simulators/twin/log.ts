// One JSON line per happening, on stderr; stdout carries the ready line alone.
// Callers give no bodies, card numbers or secrets.

export type Log = (event: string, fields?: Record<string, unknown>) => void;

export function createLog(twin: string): Log {
  return (event, fields = {}) => {
    const line = { time: new Date().toISOString(), twin, event, ...fields };
    process.stderr.write(`${JSON.stringify(line)}\n`);
  };
}
