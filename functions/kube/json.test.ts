import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { copy } from './copy.ts';
import { deepEqual } from './equality.ts';
import { podTemplateHash } from './hash.ts';
import { scaledIntOrString } from './int-or-string.ts';
import { parseJson } from './json-document.ts';
import { parseYaml } from './yaml-document.ts';

describe('copies', () => {
  test('copies share nothing, are not frozen, and have no undefined fields', () => {
    const original = Object.freeze({ a: Object.freeze([Object.freeze({ b: 1 })]), c: undefined, d: null });
    const made = copy(original);
    assert.deepEqual(made, { a: [{ b: 1 }], d: null });
    assert.notEqual(made.a[0], original.a[0]);
    assert.equal(Object.isFrozen(made.a), false);
  });

  test('copies keep __proto__ as a field', () => {
    assert.equal(JSON.stringify(copy(JSON.parse('{"__proto__":{"a":1}}'))), '{"__proto__":{"a":1}}');
  });
});

describe('equality', () => {
  const equal: [unknown, unknown, boolean][] = [
    [{ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 }, true],
    [{ a: undefined }, {}, true],
    [{}, { a: undefined }, true],
    [{ a: null }, {}, false],
    [{ a: undefined, b: 1 }, { a: 1, b: 1 }, false],
    [[1, 2], [2, 1], false],
    [[], {}, false],
    ['1', 1, false],
    [null, undefined, false],
    [{ toString: 1 }, {}, false],
  ];
  for (const [a, b, expected] of equal) {
    test(`${JSON.stringify(a)} and ${JSON.stringify(b)} are ${expected ? '' : 'not '}equal`, () => assert.equal(deepEqual(a, b), expected));
  }
});

describe('JSON documents', () => {
  test('duplicate fields are found with their paths', () => {
    const text = '{"spec":{"replicas":1,"x":"{\\"a\\":1,\\"a\\":2}","replicas":2,"list":[{"a":1},{"a":1,"a":[{"b":1,"b":2}]}]},"spec":{}}';
    assert.deepEqual(parseJson(text), {
      value: { spec: {} },
      duplicates: ['spec.replicas', 'spec.list[1].a', 'spec.list[1].a[0].b', 'spec'],
    });
  });

  test('fields of different objects are no duplicates', () => {
    const text = '{"a":{"x":1},"b":{"x":1},"c":["a","a",{"a":"a"},[{"a":1},{"a":2}]],"d":"a\\"b\\":1"}';
    assert.deepEqual(parseJson(text).duplicates, []);
  });

  test('numbers that JavaScript would print otherwise keep their text', () => {
    assert.deepEqual(
      parseJson('{"a":[1,1.0,{"b":1e3}],"c":9007199254740993,"d":"1.0","e":1.5}').numbers,
      new Map([
        ['a[1]', '1.0'],
        ['a[2].b', '1e3'],
        ['c', '9007199254740993'],
      ]),
    );
  });

  test('escaped names in JSON are the same names', () => {
    assert.deepEqual(parseJson('{"a":1,"\\u0061":2}'), { value: { a: 2 }, duplicates: ['a'] });
  });

  test('what is no JSON is a bad request', () => {
    assert.throws(() => parseJson('{'), { code: 400, message: 'unexpected end of JSON input' });
    assert.throws(() => parseJson('x'), { code: 400, message: "invalid character 'x' looking for beginning of value" });
  });

  const problems: readonly (readonly [text: string, message: string])[] = [
    ['', 'unexpected end of JSON input'],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b":2}', `invalid character '"' after object key:value pair`],
    ['[1 2]', "invalid character '2' after array element"],
    ['[] x', "invalid character 'x' after top-level value"],
    ['nulx', "invalid character 'x' in literal null (expecting 'l')"],
    ['tru', 'unexpected end of JSON input'],
    [String.raw`"\x"`, "invalid character 'x' in string escape code"],
    [String.raw`"\u12g4"`, String.raw`invalid character 'g' in \u hexadecimal character escape`],
    ['"a\nb"', String.raw`invalid character '\n' in string literal`],
    ['-x', "invalid character 'x' in numeric literal"],
    ['1.x', "invalid character 'x' after decimal point in numeric literal"],
    ['1e+x', "invalid character 'x' in exponent of numeric literal"],
    ["'a'", String.raw`invalid character '\'' looking for beginning of value`],
    [`${'['.repeat(100_000)}}`, "invalid character '[' exceeded max depth"],
    [`${'['.repeat(400)}}`, "invalid character '}' looking for beginning of value"],
  ];
  for (const [text, message] of problems) {
    test(`${JSON.stringify(text).slice(0, 30)} is refused as Go refuses it`, () => assert.throws(() => parseJson(text), { message }));
  }
});

describe('YAML documents', () => {
  test('YAML documents are read as Go reads them', async () => {
    const text = 'a: yes\nb: 22:22\nc: 2001-01-01\nd: 0777\ne: "no"\nf: ~\ng: &x {h: 1}\ni: {<<: *x, j: 2}\n1: k\n';
    const expected = { '1': 'k', a: true, b: '22:22', c: '2001-01-01', d: 511, e: 'no', f: null, g: { h: 1 }, i: { h: 1, j: 2 } };
    assert.deepEqual(await parseYaml(text), { value: expected, duplicates: [] });
  });

  test('duplicate fields are found with their paths', async () => {
    const { value, duplicates } = await parseYaml('spec:\n  replicas: 1\n  list: [{a: 1, a: 2}]\n  replicas: 2\n');
    assert.deepEqual(value, { spec: { replicas: 2, list: [{ a: 2 }] } });
    assert.deepEqual(duplicates, ['spec.list[0].a', 'spec.replicas']);
  });

  test('what is no YAML is a bad request', async () => {
    await assert.rejects(parseYaml('a: ['), { name: 'DocumentError', code: 400 });
    await assert.rejects(parseYaml('a: *nope'), { name: 'DocumentError', code: 400 });
  });

  test('aliases may not blow up', async () => {
    const bomb = Array.from({ length: 9 }, (_, level) => `a${level + 1}: &a${level + 1} [${Array(9).fill(`*a${level}`).join(', ')}]`);
    await assert.rejects(parseYaml(`a0: &a0 x\n${bomb.join('\n')}\n`), { name: 'DocumentError', code: 400 });
  });
});

test('percentages are rounded as asked', () => {
  assert.equal(scaledIntOrString(3, 10, true), 3);
  assert.equal(scaledIntOrString('25%', 10, true), 3);
  assert.equal(scaledIntOrString('25%', 10, false), 2);
  assert.throws(() => scaledIntOrString('3', 10, true), {
    message: 'invalid value for IntOrString: invalid type: string is not a percentage',
  });
  assert.throws(() => scaledIntOrString('x%', 10, true), {
    message: 'invalid value for IntOrString: invalid value "x%": strconv.Atoi: parsing "x": invalid syntax',
  });
});

test('a template has one hash, whatever the order of its fields', () => {
  const hash = podTemplateHash({ metadata: { labels: { a: 'b', c: 'd' } }, spec: { x: 1 } });
  assert.match(hash, /^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
  assert.equal(podTemplateHash({ spec: { x: 1, y: undefined }, metadata: { labels: { c: 'd', a: 'b' } } }), hash);
  assert.notEqual(podTemplateHash({ metadata: { labels: { a: 'b', c: 'd' } }, spec: { x: 1 } }, 1), hash);
  assert.notEqual(podTemplateHash({ metadata: { labels: { a: 'b', c: 'd' } }, spec: { x: 2 } }), hash);
});
