// Access tokens, verified as another service does it: with jose and nothing but the address of the keys.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import createClient from 'openapi-fetch';

import type { components, paths } from './generated/rest.js';
import { bearer, Userd } from './userd.js';

type Grant = components['schemas']['Grant'];

const ada = { email: 'ada@example.com', first_name: 'Ada', last_name: 'Lovelace', password: 'correct horse battery' };

describe('jose', { timeout: 60_000 }, () => {
  let userd: Userd;
  let api: ReturnType<typeof createClient<paths>>;
  before(async () => {
    userd = await Userd.start([], 'closed');
    api = createClient<paths>({ baseUrl: userd.url, headers: bearer(userd.keys?.operator) });
    assert.equal((await api.POST('/users', { body: ada })).response.status, 201);
  });
  after(() => userd.end());

  const signIn = async (): Promise<Grant> => {
    const { data } = await api.POST('/sessions', { body: { email: ada.email, password: ada.password } });
    assert.ok(data);
    return data;
  };
  // The keys are fetched without any credential, and again when a token names one that is not known.
  const remote = () => createRemoteJWKSet(new URL(`${userd.url}/.well-known/jwks.json`), { cooldownDuration: 0 });
  const verify = (token: string, keys: ReturnType<typeof remote>) => jwtVerify(token, keys, { issuer: 'userd', algorithms: ['EdDSA'], requiredClaims: ['exp', 'iat', 'sid'] });

  test('verifies an access token, and says whose it is', async () => {
    const grant = await signIn();
    const { payload, protectedHeader } = await verify(grant.access_token, remote());
    assert.deepEqual([payload.sub, payload['sid'], protectedHeader.alg], [grant.user.id, grant.session.id, 'EdDSA']);
    assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), grant.expires_in);
    assert.equal(JSON.stringify(payload).includes('ada'), false);
  });

  test('refuses one that was changed', async () => {
    const [header, , signature] = (await signIn()).access_token.split('.');
    const claims = Buffer.from(JSON.stringify({ iss: 'userd', sub: 'somebody', sid: 'x', iat: 0, exp: 4e9 })).toString('base64url');
    await assert.rejects(verify(`${header}.${claims}.${signature}`, remote()), errors.JWSSignatureVerificationFailed);
  });

  test('goes on through a change of keys', async () => {
    const keys = remote();
    const old = await signIn();
    await verify(old.access_token, keys);
    assert.equal((await api.POST('/signing-keys')).response.status, 201);
    const { data: next } = await api.POST('/sessions/refresh', { body: { refresh_token: old.refresh_token } });
    assert.ok(next);
    const { payload } = await verify(next.access_token, keys);
    assert.equal(payload['sid'], old.session.id);
    await assert.rejects(verify(old.access_token, keys), errors.JWKSNoMatchingKey);
  });
});
