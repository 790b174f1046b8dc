import { run } from '../api/graphql';
import { CreateUsers, type CreateUsersMutation } from '../api/operations';
import { asProblem, Problem } from '../api/problem';
import { store } from '../store';
import { type Batch, Batcher } from './batches';
import { CSVReader } from './csv';
import { LineSplitter } from './lines';
import { readNDJSON } from './ndjson';
import { Refused } from './refused';
import { fileName, type Row } from './rows';

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
  const create = async (batch: Batch | null) => {
    if (batch) update({ created: now().created + (await createBatch(batch, refused, signal)) });
  };
  for await (const { rows, read } of readRows(file, signal)) {
    for (const row of rows) {
      if ('mistakes' in row) refused.add(row.line, row.mistakes);
      else await create(batcher.add(row.line, row.input));
    }
    update({ read });
  }
  await create(batcher.take());
}

/** Reads a file piece by piece. */
async function* readRows(file: File, signal: AbortSignal): AsyncGenerator<{ rows: Iterable<Row>; read: number }> {
  const isCSV = /\.csv$/i.test(file.name) || file.type === 'text/csv';
  const csv = new CSVReader();
  const readLine = isCSV ? csv.read.bind(csv) : readNDJSON;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const splitter = new LineSplitter();
  const reader = file.stream().getReader();
  let read = 0;
  try {
    for (let more = true; more; ) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      read += value?.length ?? 0;
      const text = decode(decoder, value);
      yield { rows: rowsOf(splitter.push(text), readLine), read };
      if (done) yield { rows: rowsOf(splitter.end(), readLine), read };
      more = !done;
    }
  } finally {
    await reader.cancel();
  }
}

function decode(decoder: TextDecoder, bytes: Uint8Array | undefined): string {
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

const attempts = 10;

/**
 * Creates the users of a batch and returns how many. While the service has no time, it waits. A batch that was sent is waited
 * for even when the import is cancelled, so that what is counted is what there is.
 */
async function createBatch(batch: Batch, refused: Refused, signal: AbortSignal): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return note(batch, await run(CreateUsers, { input: { users: batch.inputs, policy: 'EACH' } }), refused);
    } catch (error) {
      const { code, retryAfter } = asProblem(error);
      if (code !== 'UNAVAILABLE' || attempt === attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, retryAfter * 1000));
    }
  }
}

function note({ lines }: Batch, { createUsers }: CreateUsersMutation, refused: Refused): number {
  const mistakes = createUsers?.errors ?? [];
  if (mistakes.length > 0) throw new Problem(mistakes[0]!.code, mistakes.map((one) => one.message).join(' '));
  let created = 0;
  for (const [i, result] of (createUsers?.results ?? []).entries()) {
    if (result.user) created++;
    else refused.add(lines[i]!, result.errors.map((one) => ({ field: fileName(one.field), code: one.code, message: one.message })));
  }
  return created;
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
