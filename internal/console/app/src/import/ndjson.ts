import type { Line } from './lines';
import { type FieldName, isField, type Mistake, type Row, row, tooLong, unknown } from './rows';

/** Reads one JSON object a line; blank lines do not count. */
export function readNDJSON({ number, text }: Line): Row | null {
  if (text === null) return row(number, {}, [tooLong()]);
  if (!text.trim()) return null;
  const object = parse(text);
  if (!object) return row(number, {}, [{ field: '', code: 'INVALID', message: 'A line is one JSON object, in UTF-8.' }]);
  const values: Partial<Record<FieldName, unknown>> = {};
  const mistakes: Mistake[] = [];
  for (const [name, value] of Object.entries(object)) {
    const mistake = isField(name) ? mistakeIn(name, value) : unknown(name);
    if (mistake) mistakes.push(mistake);
    else values[name as FieldName] = value;
  }
  return row(number, values, mistakes);
}

function parse(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function mistakeIn(field: FieldName, value: unknown): Mistake | null {
  if (value === null) return null; // which the service refuses with a sentence of its own
  if (field === 'is_active')
    return typeof value === 'boolean' ? null : { field, code: 'INVALID', message: 'This field must be true or false.' };
  if (typeof value !== 'string') return { field, code: 'INVALID', message: 'This field must be a string.' };
  return value.isWellFormed() ? null : { field, code: 'FORBIDDEN_CHARACTER', message: 'This field has half a character (a lone surrogate).' };
}
