import type { BatchUserInput } from '../api/operations';

/** Rows that are sent together. */
export interface Batch {
  inputs: BatchUserInput[];
  lines: number[];
}

// Small enough for the service's usual bounds, and for progress to be seen: each password takes the service a while.
const mostRows = 500;
const mostPasswords = 25;
const mostBytes = 96 * 1024;

const encoder = new TextEncoder();

/** Gathers rows until they are enough to be sent. */
export class Batcher {
  private batch: Batch = { inputs: [], lines: [] };
  private bytes = 0;
  private passwords = 0;

  /** Adds a row; returns the batch before it where it has no room for the row. */
  add(line: number, input: BatchUserInput): Batch | null {
    const size = encoder.encode(JSON.stringify(input)).length;
    const password = input.password ? 1 : 0;
    const { inputs } = this.batch;
    const isFull = inputs.length === mostRows || this.passwords + password > mostPasswords || this.bytes + size > mostBytes;
    const full = isFull ? this.take() : null;
    this.batch.inputs.push(input);
    this.batch.lines.push(line);
    this.bytes += size;
    this.passwords += password;
    return full;
  }

  /** The rows that are left, if any. */
  take(): Batch | null {
    const { batch } = this;
    this.batch = { inputs: [], lines: [] };
    this.bytes = this.passwords = 0;
    return batch.lines.length > 0 ? batch : null;
  }
}
