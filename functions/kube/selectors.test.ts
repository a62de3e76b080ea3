import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { matchesFields, parseFieldSelector } from './fields.ts';
import { matchesLabels, parseLabelSelector, requirementsOf, selectorOf, selectorText } from './labels.ts';

describe('label selectors', () => {
  test('label selectors of every form of the grammar are parsed', () => {
    assert.deepEqual(parseLabelSelector('a=b,c!=d,e in (y,x),!f,g notin (x),h,i>3,j<4,k==l,in,m='), [
      { key: 'a', operator: '=', values: ['b'] },
      { key: 'c', operator: '!=', values: ['d'] },
      { key: 'e', operator: 'in', values: ['x', 'y'] },
      { key: 'f', operator: '!', values: [] },
      { key: 'g', operator: 'notin', values: ['x'] },
      { key: 'h', operator: 'exists', values: [] },
      { key: 'i', operator: 'gt', values: ['3'] },
      { key: 'in', operator: 'exists', values: [] },
      { key: 'j', operator: 'lt', values: ['4'] },
      { key: 'k', operator: '=', values: ['l'] },
      { key: 'm', operator: '=', values: [''] },
    ]);
    assert.deepEqual(parseLabelSelector(''), []);
    assert.deepEqual(parseLabelSelector('a in (,b)'), [{ key: 'a', operator: 'in', values: ['', 'b'] }]);
    assert.deepEqual(parseLabelSelector('a in ()'), [{ key: 'a', operator: 'in', values: [''] }]);
  });

  const matching: [string, Record<string, string>, boolean][] = [
    ['a=b', { a: 'b' }, true],
    ['a=b', {}, false],
    ['a!=b', {}, true],
    ['a notin (b,c)', { a: 'c' }, false],
    ['a in (b,c)', { a: 'c' }, true],
    ['!a', { b: '' }, true],
    ['a', { a: '' }, true],
    ['a>3', { a: '10' }, true],
    ['a<3', { a: '10' }, false],
    ['a>3', { a: 'x' }, false],
    ['toString', {}, false],
    ['', { a: 'b' }, true],
  ];
  for (const [text, labels, expected] of matching) {
    test(`${JSON.stringify(text)} ${expected ? 'matches' : 'does not match'} ${JSON.stringify(labels)}`, () => {
      assert.equal(matchesLabels(parseLabelSelector(text), labels), expected);
    });
  }

  const keyRule =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
  const errors: [string, string][] = [
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['a,', "found '', expected: identifier after ','"],
    [',a', "found ',', expected: !, identifier, or 'end of string'"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a ~ b', "unable to parse requirement: found '~', expected: in, notin, =, ==, !=, gt, lt"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['!a=b', "found '=', expected: ',' or 'end of string'"],
    ['a=(', "unable to parse requirement: found '(', expected: identifier"],
    ['a>b', `unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer`],
    ['-a', `unable to parse requirement: <nil>: Invalid value: "-a": name part ${keyRule}`],
  ];
  for (const [text, message] of errors) {
    test(`${JSON.stringify(text)} is refused in upstream's words`, () => assert.throws(() => parseLabelSelector(text), { message }));
  }

  test('an absent selector matches nothing, an empty one everything', () => {
    assert.equal(matchesLabels(requirementsOf(undefined), { a: 'b' }), false);
    assert.equal(matchesLabels(requirementsOf({}), { a: 'b' }), true);
  });

  test('expressions and labels are both asked for', () => {
    const requirements = requirementsOf({ matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'NotIn', values: ['d'] }] });
    assert.equal(matchesLabels(requirements, { a: 'b', c: 'e' }), true);
    assert.equal(matchesLabels(requirements, { a: 'b', c: 'd' }), false);
  });

  test('selectors print as one would write them', () => {
    const selector = {
      matchLabels: { z: '1' },
      matchExpressions: [
        { key: 'a', operator: 'In', values: ['y', 'x'] },
        { key: 'b', operator: 'DoesNotExist' },
      ],
    };
    assert.equal(selectorText(selector), 'a in (x,y),!b,z=1');
    assert.equal(selectorText(selectorOf({ app: 'web' })), 'app=web');
    assert.equal(selectorText({ tier: 'db', app: 'web' }), 'app=web,tier=db');
    assert.equal(selectorText({}), '');
  });
});

describe('field selectors', () => {
  test('terms are equalities', () => {
    assert.deepEqual(parseFieldSelector('spec.nodeName=n1,status.phase!=Failed,,metadata.name==a\\,b'), [
      { field: 'metadata.name', operator: '=', value: 'a,b' },
      { field: 'spec.nodeName', operator: '=', value: 'n1' },
      { field: 'status.phase', operator: '!=', value: 'Failed' },
    ]);
    assert.deepEqual(parseFieldSelector(''), []);
  });

  test('a field that the object does not have counts as empty', () => {
    assert.equal(matchesFields(parseFieldSelector('spec.nodeName='), {}), true);
    assert.equal(matchesFields(parseFieldSelector('spec.nodeName!=a'), {}), true);
    assert.equal(matchesFields(parseFieldSelector('metadata.name=a,spec.nodeName=b'), { 'metadata.name': 'a' }), false);
  });

  const errors: [string, string][] = [
    ['metadata.name', "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
    ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
    ['a=b\\x', 'invalid field selector: invalid escape sequence: \\x'],
    ['a=b\\', 'invalid field selector: invalid escape sequence: \\'],
  ];
  for (const [text, message] of errors) {
    test(`${text} is refused in upstream's words`, () => assert.throws(() => parseFieldSelector(text), { message }));
  }
});
