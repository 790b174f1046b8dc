// GraphQL over HTTP: every audit that graphql-http has, whether it is a MUST, a SHOULD or a MAY.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { serverAudits } from 'graphql-http';

import { Userd } from './userd.js';

let userd: Userd;
before(async () => {
  userd = await Userd.start();
});
after(() => userd.end());

describe('GraphQL over HTTP', () => {
  const audits = serverAudits({ url: () => userd.graphql });

  test('has all of its audits', () => {
    assert.equal(audits.length, 61);
  });

  for (const audit of audits) {
    test(`${audit.id} ${audit.name}`, async () => {
      const result = await audit.fn();
      assert.equal(result.status, 'ok', 'reason' in result ? result.reason : undefined);
    });
  }
});
