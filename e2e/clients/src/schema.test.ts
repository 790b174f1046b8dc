// The GraphQL schema: it is linted, and breaks no client of the last release. A check that cannot fail checks nothing,
// so each is also run on schemas that are bad on purpose.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { ESLint } from 'eslint';
import { buildSchema } from 'graphql';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const current = readFileSync(join(root, 'schema.graphqls'), 'utf8');
const released = readFileSync(join(root, 'e2e', 'released', 'schema.graphqls'), 'utf8');

/** replaced is a text with one part replaced, which has to be there. */
function replaced(text: string, part: string, by: string): string {
  assert.ok(text.includes(part), `there is no ${part}`);
  return text.replace(part, by);
}

describe('the schema is well made', () => {
  const eslint = new ESLint({ cwd: join(import.meta.dirname, '..', '..') });
  const lint = async (schema: string) => {
    const [result] = await eslint.lintText(schema, { filePath: 'schema.graphql' });
    return (result?.messages ?? []).map(({ ruleId, line, message }) => `${ruleId}: line ${line}: ${message}`);
  };

  test('this one is', async () => {
    assert.deepEqual(await lint(current), []);
  });

  for (const [rule, part, by] of [
    ['require-description', '  """What to compare."""\n', ''],
    ['naming-convention', 'userByEmail(', 'getUser('],
    ['relay-connection-types', 'edges: [UserEdge!]!', 'edges: UserEdge!'],
    ['relay-edge-types', 'cursor: String!\n\n  """The user."""', 'cursor: PageInfo!\n\n  """The user."""'],
    ['strict-id-in-types', 'type FieldChange {', 'type ValueChange {'],
    ['known-type-names', 'field: UserOrderField!', 'field: UserOrderFeld!'],
  ] as const) {
    test(`${rule} is among the rules`, async () => {
      const found = await lint(replaced(current, part, by));
      assert.ok(found.some((message) => message.startsWith(`@graphql-eslint/${rule}:`)), found.join('\n') || 'nothing found');
    });
  }
});

describe('the schema keeps what the last release promised', () => {
  const breaks = async (schema: string) => {
    const changes = await diff(buildSchema(released), buildSchema(schema));
    return changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking).map(({ message }) => message);
  };

  test('this one does', async () => {
    assert.deepEqual(await breaks(current), []);
  });

  for (const [name, part, by] of [
    ['a field that is gone', '  """The given name, 1 to 100 characters."""\n  firstName: String!\n', ''],
    ['a field that may be null now', 'version: Int!', 'version: Int'],
    ['an input that is needed now', 'isActive: Boolean\n', 'isActive: Boolean!\n'],
    ['a value that is gone', '  """The e-mail address, in lower case."""\n  EMAIL\n', ''],
  ] as const) {
    test(`${name} is found`, async () => {
      assert.notDeepEqual(await breaks(replaced(current, part, by)), []);
    });
  }
});
