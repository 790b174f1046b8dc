import type { Row } from './rows';

// Small enough for the service's usual bounds, and for progress to be seen: each password takes the service a while.
const mostRows = 500;
const mostPasswords = 25;
const mostBytes = 96 * 1024;

const encoder = new TextEncoder();

/** Gathers rows that are dealt with together, in their order, until they are enough. */
export class Batcher {
  private rows: Row[] = [];
  private bytes = 0;
  private passwords = 0;

  /** Adds a row; returns the rows before it where there is no room for it beside them. */
  add(row: Row): Row[] {
    const input = 'input' in row ? row.input : undefined;
    const size = input ? encoder.encode(JSON.stringify(input)).length : 0;
    const password = input?.password ? 1 : 0;
    const isFull = this.rows.length === mostRows || this.passwords + password > mostPasswords || this.bytes + size > mostBytes;
    const full = isFull ? this.take() : [];
    this.rows.push(row);
    this.bytes += size;
    this.passwords += password;
    return full;
  }

  /** The rows that are left. */
  take(): Row[] {
    const { rows } = this;
    this.rows = [];
    this.bytes = this.passwords = 0;
    return rows;
  }
}
