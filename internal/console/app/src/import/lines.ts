/** One line of a file. */
export interface Line {
  /** Its number; the first one is 1. */
  number: number;
  /** What stands in it, or null where that is more than a row may have. */
  text: string | null;
}

/** The most characters that a line may have. */
export const longestLine = 64 * 1024;

/**
 * Splits chunks of text into lines, holding no more of them than one line may have. A line break at the end of the file
 * begins no other line.
 */
export class LineSplitter {
  private number = 0;
  private pending = '';
  private tooLong = false;

  /** The lines that end in this chunk. */
  *push(chunk: string): Generator<Line> {
    let from = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
      this.hold(chunk.slice(from, end));
      yield this.take();
      from = end + 1;
    }
    this.hold(chunk.slice(from));
  }

  /** The last line, if the file does not end in a line break. */
  *end(): Generator<Line> {
    if (this.pending || this.tooLong) yield this.take();
  }

  private hold(text: string): void {
    this.tooLong ||= this.pending.length + text.length > longestLine + 1; // a carriage return does not count
    this.pending = this.tooLong ? '' : this.pending + text;
  }

  private take(): Line {
    const text = this.pending.endsWith('\r') ? this.pending.slice(0, -1) : this.pending;
    const isTooLong = this.tooLong || text.length > longestLine;
    this.pending = '';
    this.tooLong = false;
    return { number: ++this.number, text: isTooLong ? null : text };
  }
}
