import { run } from '../api/graphql';
import { type BatchUserInput, CreateUsers, type CreateUsersMutation } from '../api/operations';
import { asProblem, Problem } from '../api/problem';
import { store } from '../store';
import { Batcher } from './batches';
import { CSVReader } from './csv';
import { LineSplitter } from './lines';
import { readNDJSON } from './ndjson';
import { Refused } from './refused';
import { fileName, type Mistake, type Row } from './rows';

/** How an import is going. */
export interface Progress {
  file: string;
  phase: 'running' | 'done' | 'cancelled' | 'failed';
  /** Bytes of the file that have been dealt with, and that it has. */
  read: number;
  size: number;
  created: number;
  refused: Refused;
  /** Why it ended before the file did. */
  problem?: string;
}

/** The import that runs or ran last. It goes on while other pages of the console are looked at. */
export const progress = store<Progress | null>(null);

let abort = new AbortController();

export function cancel(): void {
  abort.abort();
}

/** Lets another file be chosen. */
export function forget(): void {
  progress.set(null);
}

/** Creates the users of a file: the good ones, while the others are noted. It holds no more of the file than a batch. */
export async function importFile(file: File): Promise<void> {
  abort = new AbortController();
  const { signal } = abort;
  const refused = new Refused();
  progress.set({ file: file.name, phase: 'running', read: 0, size: file.size, created: 0, refused });
  addEventListener('beforeunload', warn);
  try {
    await send(file, refused, signal);
    update({ phase: 'done', read: file.size });
  } catch (error) {
    if (signal.aborted) update({ phase: 'cancelled' });
    else update({ phase: 'failed', problem: explain(error) });
  } finally {
    removeEventListener('beforeunload', warn);
  }
}

async function send(file: File, refused: Refused, signal: AbortSignal): Promise<void> {
  const batcher = new Batcher();
  const deal = async (batch: Row[]) => update({ created: now().created + (await createBatch(batch, refused, signal)) });
  for await (const { rows, read } of readRows(file, signal)) {
    for (const row of rows) {
      const full = batcher.add(row);
      if (full.length > 0) await deal(full);
    }
    update({ read });
  }
  await deal(batcher.take());
}

/** Small enough for progress to be seen. */
const pieceSize = 16 * 1024;

/** Reads a file piece by piece. */
async function* readRows(file: File, signal: AbortSignal): AsyncGenerator<{ rows: Iterable<Row>; read: number }> {
  const isCSV = /\.csv$/i.test(file.name) || file.type === 'text/csv';
  const csv = new CSVReader();
  const readLine = isCSV ? csv.read.bind(csv) : readNDJSON;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const splitter = new LineSplitter();
  let read = 0;
  for await (const piece of pieces(file)) {
    signal.throwIfAborted();
    read += piece.length;
    yield { rows: rowsOf(splitter.push(decode(decoder, piece)), readLine), read };
  }
  yield { rows: rowsOf(splitter.push(decode(decoder)), readLine), read };
  yield { rows: rowsOf(splitter.end(), readLine), read };
}

async function* pieces(file: File): AsyncGenerator<Uint8Array> {
  const reader = file.stream().getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      for (let at = 0; at < value.length; at += pieceSize) yield value.subarray(at, at + pieceSize);
    }
  } finally {
    await reader.cancel();
  }
}

function decode(decoder: TextDecoder, bytes?: Uint8Array): string {
  try {
    return decoder.decode(bytes, { stream: bytes !== undefined });
  } catch {
    throw new Problem('INVALID', 'The file is not text in UTF-8 from here on. Save it as UTF-8 and import it again.');
  }
}

function* rowsOf<L>(lines: Iterable<L>, readLine: (line: L) => Row | null): Generator<Row> {
  for (const line of lines) {
    const row = readLine(line);
    if (row) yield row;
  }
}

/** Creates the users of a batch, notes what is refused, and returns how many were created. */
async function createBatch(batch: Row[], refused: Refused, signal: AbortSignal): Promise<number> {
  const users = batch.flatMap((row) => ('input' in row ? [row.input] : []));
  const results = users.length > 0 ? await createUsers(users, signal) : [];
  let next = 0;
  let created = 0;
  for (const row of batch) {
    const mistakes = 'mistakes' in row ? row.mistakes : mistakesIn(results[next++]!);
    if (mistakes.length > 0) refused.add(row.line, mistakes);
    else created++;
  }
  return created;
}

type Result = NonNullable<CreateUsersMutation['createUsers']>['results'][number];

function mistakesIn({ errors }: Result): Mistake[] {
  return errors.map(({ field, code, message }) => ({ field: fileName(field), code, message }));
}

const attempts = 10;
const passing = ['UNAVAILABLE', 'RATE_LIMITED'];

/**
 * Sends users; while the service has no time, or allows no more, it waits. What was sent is waited for even when the import is cancelled, so that
 * what is counted is what there is.
 */
async function createUsers(users: BatchUserInput[], signal: AbortSignal): Promise<Result[]> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      const { createUsers: payload } = await run(CreateUsers, { input: { users, policy: 'EACH' } });
      const mistakes = payload?.errors ?? [];
      if (mistakes.length > 0) throw new Problem(mistakes[0]!.code, mistakes.map((one) => one.message).join(' '));
      return payload!.results;
    } catch (error) {
      const { code, retryAfter } = asProblem(error);
      if (!passing.includes(code) || attempt === attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, retryAfter * 1000));
    }
  }
}

function explain(error: unknown): string {
  const { code, message } = asProblem(error);
  const isUnclear = code === 'UNREACHABLE' || code === 'OUTCOME_UNKNOWN';
  return isUnclear ? `${message} Importing the file again is safe: users that are there already are refused, because their addresses are taken.` : message;
}

function now(): Progress {
  return progress.get()!;
}

function update(change: Partial<Progress>): void {
  progress.set({ ...now(), ...change });
}

function warn(event: Event): void {
  event.preventDefault();
}
