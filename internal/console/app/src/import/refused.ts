import type { Mistake } from './rows';

/** Why a row was refused. */
export interface Refusal extends Mistake {
  line: number;
}

/** How many are shown. */
export const mostShown = 100;

const perPart = 2_000;

/**
 * The refusals of a file, however many. The first ones are kept as they are; the text of all of them is handed over to the
 * browser, which keeps much of it on the disk.
 */
export class Refused {
  readonly shown: Refusal[] = [];
  /** Rows, of which each can have several refusals. */
  rows = 0;
  private whole = new Blob(['line,field,code,message\r\n']);
  private part: string[] = [];

  add(line: number, mistakes: Mistake[]): void {
    this.rows++;
    for (const mistake of mistakes) {
      const refusal = { line, ...mistake };
      if (this.shown.length < mostShown) this.shown.push(refusal);
      this.part.push(record(refusal));
    }
    if (this.part.length >= perPart) this.flush();
  }

  /** All of them as CSV. Nothing of what the file holds is in it but names of fields. */
  file(): Blob {
    this.flush();
    return this.whole;
  }

  private flush(): void {
    if (this.part.length > 0) this.whole = new Blob([this.whole, ...this.part], { type: 'text/csv' });
    this.part = [];
  }
}

function record({ line, field, code, message }: Refusal): string {
  return `${line},${field},${code},"${message.replaceAll('"', '""')}"\r\n`;
}
