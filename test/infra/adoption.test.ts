/** A stack that adopts a table makes neither the table nor the key of its secrets. It may use both as if it had made them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resourcesOf, synthesize } from './templates.ts';

const table = 'Former-Table-1';
const tableStream = `arn:aws:dynamodb:eu-west-1:111122223333:table/${table}/stream/2026-11-30T12:00:00.000`;
const envelopeSecret = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:Former-Key-1-abcdef';

describe('an adopted table', () => {
  const { template, violations } = synthesize({ table, tableStream, envelopeSecret });

  test('an adopted table is no part of the stack, nor is its key', () => {
    assert.deepEqual(resourcesOf(template, 'AWS::DynamoDB::GlobalTable', 'AWS::SecretsManager::Secret'), []);
    assert.deepEqual(violations, []);
  });

  test('an adopted table is what the functions are given, and wakes the doorbell by its stream', () => {
    const [timer] = resourcesOf(template, 'AWS::Lambda::Function').filter(({ id }) => id.includes('Timer'));
    const { Variables } = timer!.Properties['Environment'] as { readonly Variables: Readonly<Record<string, string>> };
    assert.deepEqual([Variables['HIBERNETES_TABLE'], Variables['HIBERNETES_ENVELOPE_SECRET']], [table, envelopeSecret]);
    const sources = resourcesOf(template, 'AWS::Lambda::EventSourceMapping').map(({ Properties }) => Properties['EventSourceArn']);
    assert.ok(sources.includes(tableStream));
  });

  test('an adopted table may be read and written by those who need it', () => {
    const policies = JSON.stringify(resourcesOf(template, 'AWS::IAM::Policy'));
    assert.match(policies, /"dynamodb:GetRecords"[^}]*Former-Table-1\/stream/);
    assert.match(policies, /"dynamodb:UpdateItem"/);
    assert.match(policies, new RegExp(`:table/${table}"`));
  });
});
