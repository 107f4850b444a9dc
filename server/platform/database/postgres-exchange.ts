// What is said to Postgres in one go: any number of prepared statements, then one Sync, by the extended query
// protocol (PostgreSQL's documentation, 55.2.3). One write, one answer, one round trip: a write costs more
// than the statement that it carries. When a statement fails, those after it are not run, so it is as safe to
// send `begin` together with what follows it as to wait in between. The driver's own queries have a Sync each.

import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Param, Row } from './dialect.ts';

export interface Statement {
  text: string;
  params: readonly Param[];
}

export interface Answer {
  rows: Row[];
  /** As Postgres names what it did: `INSERT`, `COMMIT`. */
  command: string;
  /** Rows that it touched or returned. */
  count: number;
}

/** Reads the text of a value by the number of its type. */
export type ParserOf = (oid: number) => (text: string) => unknown;

interface Column {
  name: string;
  parse(text: string): unknown;
}

/** Known to Postgres under its name on one connection, and what its rows are made of once it has said so. */
interface Prepared {
  name: string;
  columns: readonly Column[];
}

/** The statements that one connection has prepared. */
export class Connected {
  readonly #prepared = new Map<string, Prepared>();
  /** Their exchange failed, so that nobody knows: closed before they are prepared anew. */
  readonly #doubtful = new Set<string>();

  /** Null: it is not there yet. */
  find(text: string): Prepared | null {
    return this.#prepared.get(text) ?? null;
  }

  add(text: string): { prepared: Prepared; doubtful: boolean } {
    const prepared = { name: nameOf(text), columns: [] };
    this.#prepared.set(text, prepared);
    return { prepared, doubtful: this.#doubtful.delete(text) };
  }

  doubt(text: string): void {
    if (this.#prepared.delete(text)) this.#doubtful.add(text);
  }
}

export class Exchange implements pg.Submittable {
  readonly statements: readonly Statement[];
  readonly answers: Promise<Answer[]>;
  readonly #connected: Connected;
  readonly #parserOf: ParserOf;
  readonly #values: (string | Buffer | null)[][];
  readonly #said: Answer[] = [];
  #prepared: Prepared[] = [];
  #rows: Row[] = [];
  /** A value that could not be read. Thrown here it would end the process: this is called by the socket. */
  #unreadable: unknown = null;
  #resolve: (answers: Answer[]) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(
    statements: readonly Statement[],
    { connected, parserOf }: { connected: Connected; parserOf: ParserOf },
  ) {
    this.statements = statements;
    this.#connected = connected;
    this.#parserOf = parserOf;
    // Before anything is written: half an exchange could not be taken back.
    this.#values = statements.map(({ params }) => params.map(toWire));
    this.answers = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: pg.Connection): void {
    connection.stream.cork();
    this.#prepared = this.statements.map(({ text }, index) => {
      const known = this.#connected.find(text);
      const { prepared, doubtful } = known
        ? { prepared: known, doubtful: false }
        : this.#connected.add(text);
      const { name } = prepared;
      if (doubtful) connection.close({ type: 'S', name }, true);
      if (known === null) connection.parse({ name, text, types: [] }, true);
      const bound = { statement: name, values: this.#values[index], portal: '', binary: false };
      connection.bind(bound as unknown as pg.BindConfig, true);
      if (known === null) connection.describe({ type: 'P', name: '' }, true);
      connection.execute(null, true);
      return prepared;
    });
    connection.sync();
    connection.stream.uncork();
  }

  handleRowDescription({
    fields,
  }: {
    fields: readonly { name: string; dataTypeID: number }[];
  }): void {
    const prepared = this.#prepared[this.#said.length];
    if (prepared === undefined) return;
    prepared.columns = fields.map(({ name, dataTypeID }) => ({
      name,
      parse: this.#parserOf(dataTypeID),
    }));
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    const columns = this.#prepared[this.#said.length]?.columns ?? [];
    try {
      const row: Row = {};
      for (const [index, { name, parse }] of columns.entries()) {
        const text = fields[index] ?? null;
        row[name] = text === null ? null : parse(text);
      }
      this.#rows.push(row);
    } catch (error) {
      this.#unreadable ??= error;
    }
  }

  handleCommandComplete({ text }: { text: string }): void {
    const [command = '', ...counts] = text.split(' ');
    this.#said.push({ rows: this.#rows, command, count: Number(counts.at(-1) ?? 0) });
    this.#rows = [];
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' });
  }

  handleReadyForQuery(): void {
    if (this.#unreadable === null) this.#resolve(this.#said);
    else this.#reject(this.#unreadable);
  }

  handleError(error: unknown): void {
    for (const { text } of this.statements) this.#connected.doubt(text);
    this.#reject(error);
  }
}

function toWire(value: Param): string | Buffer | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return String(value);
}

const NAMES = new Map<string, string>();

/** The digest of the text: whoever else uses the connection means the same by it. */
function nameOf(text: string): string {
  let name = NAMES.get(text);
  if (name === undefined) {
    name = createHash('sha256').update(text).digest('hex').slice(0, 32);
    NAMES.set(text, name);
  }
  return name;
}
