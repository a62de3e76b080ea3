import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { canonicalQuantity, compareQuantities, formatQuantity, parseQuantity, quantityMilli, quantityValue } from './quantity.ts';

describe('quantities', () => {
  const canonical: [string | number, string][] = [
    ['1000m', '1'],
    ['1Gi', '1Gi'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Gi', '512Mi'],
    ['1000', '1k'],
    ['1024', '1024'],
    ['100m', '100m'],
    ['0.1', '100m'],
    ['1e3', '1e3'],
    ['12e5', '1200e3'],
    ['1E', '1E'],
    ['1E3', '1E3'],
    ['0', '0'],
    ['0Ki', '0'],
    ['-1', '-1'],
    ['+1', '+1'],
    ['1.250', '1.250'],
    ['0.250', '250m'],
    ['1.5', '1500m'],
    ['007', '007'],
    ['+5Ki', '+5Ki'],
    ['+8Ki', '8Ki'],
    ['1000Ki', '1000Ki'],
    ['100Ki', '100Ki'],
    ['0.5Ki', '512'],
    ['1023', '1023'],
    ['1000k', '1M'],
    ['1000000', '1M'],
    ['1n', '1n'],
    ['0.1n', '1n'],
    ['1u', '1u'],
    [2, '2'],
    [0.5, '500m'],
    ['.5', '500m'],
    ['5.', '5.'],
    [' 1 ', '1'],
    ['0.5Mi', '512Ki'],
    ['1.001Ki', '1025024m'],
    ['128974848', '128974848'],
    ['129e6', '129e6'],
    ['123Mi', '123Mi'],
    ['16Ei', '9223372036854775807'],
  ];
  for (const [text, expected] of canonical) {
    test(`${text} prints as ${expected}`, () => assert.equal(canonicalQuantity(text), expected));
  }

  for (const text of ['', 'aoeu', '1.1.M', '1+1.0M', '0.1am', '1.5 Gi']) {
    test(`${JSON.stringify(text)} is not a quantity`, () => {
      assert.throws(() => parseQuantity(text), {
        message: "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
      });
    });
  }

  for (const text of ['1i', '1mi', '0.1mi', '3.01e', '1e1000000000']) {
    test(`${text} has no known suffix`, () => {
      assert.throws(() => parseQuantity(text), { message: "unable to parse quantity's suffix" });
    });
  }

  test('values are rounded away from zero', () => {
    assert.equal(quantityMilli('0.0001'), 1);
    assert.equal(quantityMilli('250m'), 250);
    assert.equal(quantityValue('1500m'), 2);
    assert.equal(quantityValue('-1500m'), -2);
    assert.equal(quantityValue('64Mi'), 67108864);
  });

  test('quantities compare by value', () => {
    assert.equal(compareQuantities('1Gi', '1024Mi'), 0);
    assert.equal(compareQuantities('1G', '1Gi'), -1);
    assert.equal(compareQuantities('1', '999m'), 1);
  });

  test('sums print in the format asked for', () => {
    assert.equal(formatQuantity(parseQuantity('512Mi') * 2n, 'BinarySI'), '1Gi');
    assert.equal(formatQuantity(parseQuantity('512Mi') * 2n, 'DecimalSI'), '1073741824');
    assert.equal(formatQuantity(parseQuantity('1.5'), 'BinarySI'), '1500m');
  });
});
