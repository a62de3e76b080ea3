import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostLimitNames, hostLimitsOf } from './host-limits.ts';
import { SettingsError } from '../cloud/settings.ts';

const from = (variables: Readonly<Record<string, string>>) => hostLimitsOf((name) => variables[name]);

test('a limit that is not set is that of AWS', () => {
  assert.deepEqual(from({}), { answerBytesMax: 200_000_000, requestSecondsMax: 900 });
});

test('a deployment may set less, and nothing else', () => {
  assert.deepEqual(from({ [hostLimitNames.requestSecondsMax]: '8' }), { answerBytesMax: 200_000_000, requestSecondsMax: 8 });
  for (const text of ['901', '0', '1.5', 'long'])
    assert.throws(
      () => from({ [hostLimitNames.requestSecondsMax]: text }),
      new SettingsError(`HIBERNETES_REQUEST_SECONDS_MAX must be a whole number of at most 900, not ${text}`),
    );
});
