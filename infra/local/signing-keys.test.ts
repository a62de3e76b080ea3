import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTokens } from '../../functions/apiserver/auth/tokens.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { liveSigningKeys, rotateSigningKey } from './signing-keys.ts';

test('a new key signs after the file is read again, and tokens of the former one stay good', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'signing-keys-'));
  try {
    const { clock, random } = virtualWorld();
    const live = await liveSigningKeys(directory);
    const tokens = createTokens({ keys: live.keys, clock, random });
    const keyOf = (token: string): unknown =>
      (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;
    const before = await tokens.issueNodeToken('a', { audiences: ['x'], expirationSeconds: 600 });
    const id = await rotateSigningKey(directory);
    live.refresh();
    const after = await tokens.issueNodeToken('a', { audiences: ['x'], expirationSeconds: 600 });
    assert.notEqual(keyOf(before.token), id);
    assert.equal(keyOf(after.token), id);
    for (const { token } of [before, after]) assert.ok((await tokens.verify(token, ['x'])) !== undefined);
    const restarted = await liveSigningKeys(directory);
    assert.deepEqual(
      restarted.keys.map((key) => key.id),
      live.keys.map((key) => key.id),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});
