import { Problem } from '../api/problem';
import type { Line } from './lines';
import { type FieldName, isField, type Mistake, required, type Row, row, tooLong, unknown } from './rows';

/**
 * Reads CSV with a header that names the columns, in any order. An empty cell says nothing. No cell has a line break in it,
 * so that a quote that is never closed costs its own row and none of those behind it.
 */
export class CSVReader {
  private columns: FieldName[] | null = null;

  /** The row in a line, or null where there is none; throws a Problem for a header that is none. */
  read({ number, text }: Line): Row | null {
    if (text === '') return null;
    const cells = text === null ? null : parseRecord(text);
    if (this.columns === null) {
      this.columns = columnsOf(cells);
      return null;
    }
    if (text === null) return row(number, {}, [tooLong()]);
    return this.rowOf(number, cells, this.columns);
  }

  private rowOf(line: number, cells: string[] | null, columns: FieldName[]): Row {
    const wrong = (message: string) => row(line, {}, [{ field: '', code: 'INVALID', message }]);
    if (!cells) return wrong('A cell with quotes in it stands in quotes, they are doubled, and all of it is on one line.');
    if (cells.length !== columns.length) return wrong('A row has as many cells as the header.');
    const values: Partial<Record<FieldName, unknown>> = {};
    const mistakes: Mistake[] = [];
    for (const [i, field] of columns.entries()) {
      const cell = cells[i]!;
      if (cell === '') continue;
      if (field !== 'is_active') values[field] = cell;
      else if (/^(true|false)$/i.test(cell)) values[field] = /^true$/i.test(cell); // spreadsheets write TRUE
      else mistakes.push({ field, code: 'INVALID', message: 'This field must be true or false.' });
    }
    return row(line, values, mistakes);
  }
}

function columnsOf(cells: string[] | null): FieldName[] {
  const refuse = (message: string) => new Problem('INVALID', message);
  if (!cells) throw refuse('The file does not begin with a CSV header.');
  const columns: FieldName[] = [];
  for (const name of cells) {
    if (!isField(name)) {
      const { field, message } = unknown(name);
      throw refuse(field ? `The column ${field} cannot be imported here. ${message}` : 'A column of the header has no name that is known.');
    }
    if (columns.includes(name)) throw refuse(`The column ${name} is there twice.`);
    columns.push(name);
  }
  const missing = required.find((name) => !columns.includes(name));
  if (missing) throw refuse(`The column ${missing} is missing from the header; columns are separated by commas.`);
  return columns;
}

/** Takes a record apart (RFC 4180), or returns null where a quote stands wrong. */
export function parseRecord(text: string): string[] | null {
  if (!text.includes('"')) return text.split(',');
  const cells: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (let more = true; more; ) {
    const match = cell.exec(text);
    if (!match) return null;
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
    more = match[3] === ',';
  }
  return cells;
}
