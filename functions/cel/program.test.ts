/** Expressions as upstream's own library compiles, prices and evaluates them: the verdicts are those of kube-apiserver 1.37.2's environment. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { environment } from './check/environment.ts';
import { dynType, intType, listType, stringType } from './check/type.ts';
import { sizesOf } from './cost/estimate.ts';
import { declaredObject } from './declared-type.ts';
import { compileProgram, isRefused, loadExpressions, type Program } from './program.ts';
import verdicts from './upstream-verdicts.json' with { type: 'json' };
import { authorizerValue, QuestionOpen } from './library/authorization.ts';
import { toText } from './library/conversions.ts';
import { structType } from './check/type.ts';
import { jsonValue } from './values/json.ts';
import { Failure } from './values/value.ts';

before(loadExpressions);

interface Verdict {
  readonly expression: string;
  readonly problem?: string;
  readonly costMax?: number;
  readonly failure?: string;
  readonly value?: string;
}

function compiled(source: string, known = environment({})): Program {
  const program = compileProgram(source, known);
  assert.ok(!isRefused(program), isRefused(program) ? program.problem : '');
  return program;
}

test('a map has a key whose value is null', () => {
  const known = environment({ claims: dynType });
  const claims = jsonValue({ none: null });
  const valueOf = (source: string): unknown => compiled(source, known).evaluate((name) => (name === 'claims' ? claims : undefined)).result;
  assert.equal(valueOf('claims.none'), null);
  assert.equal(valueOf('claims["none"] == null && has(claims.none)'), true);
  assert.equal(valueOf('claims.none != "a"'), true);
});

describe('an expression is judged as upstream judges it', () => {
  for (const verdict of verdicts as readonly Verdict[]) {
    test(verdict.expression, () => {
      const program = compileProgram(verdict.expression, environment({}));
      if (isRefused(program)) return assert.equal(program.problem, verdict.problem);
      assert.equal(verdict.problem, undefined);
      assert.equal(
        program.costMax(() => undefined),
        verdict.costMax,
      );
      const { result } = program.evaluate(() => undefined);
      if (result instanceof Failure) return assert.equal(result.message, verdict.failure);
      assert.equal(verdict.failure, undefined);
      return verdict.value === undefined ? undefined : assert.equal(toText(result), verdict.value);
    });
  }
});

describe('a program', () => {
  const text = { type: stringType, sizeMax: 10, serializedMin: 2 };
  const items = { type: listType(stringType), element: text, sizeMax: 1000, serializedMin: 2 };
  const self = declaredObject('selfType', { name: text, items, count: { type: intType, sizeMax: 0, serializedMin: 1 } });
  const known = environment({ self: self.type }, [self]);

  test('a program costs what the sizes of its schema allow', () => {
    assert.equal(compiled('self.items.all(x, x == self.name)', known).costMax(sizesOf(self)), 7003);
  });

  test('a CEL program ends when its cost exceeds the limit', () => {
    const value = jsonValue({ items: Array.from({ length: 1000 }, () => 'a') }, self);
    const program = compiled('self.items.all(x, self.items.all(y, x == y))', known);
    const { result, cost } = program.evaluate(() => value, 1000);
    assert.ok(result instanceof Failure);
    assert.equal(result.message, 'operation cancelled: actual cost limit exceeded');
    assert.ok(cost < 1010);
  });

  test('a program names the variables that it uses', () => {
    const both = environment({ self: self.type, oldSelf: self.type }, [self]);
    assert.deepEqual([...compiled('[1].all(oldSelf, self.count > oldSelf)', both).uses], ['self']);
    assert.deepEqual([...compiled('self.count > oldSelf.count', both).uses], ['self', 'oldSelf']);
  });

  test('a program takes the names of types for types, whatever variables there are', () => {
    assert.equal(compiled('type(self.count) == int', known).evaluate(() => jsonValue({ count: 1 }, self)).result, true);
  });

  test('a reserved word selects the field of that name, and so does its escaped form', () => {
    const fields = new Map([['__namespace__', { jsonName: 'namespace', declared: text }]]);
    const metadata = { type: structType('metadata'), fields, sizeMax: 0, serializedMin: 2 };
    const declared = environment({ self: metadata.type }, [metadata]);
    for (const name of ['namespace', '__namespace__']) {
      const program = compiled(`has(self.${name}) && self.${name} == 'a'`, declared);
      assert.equal(program.evaluate(() => jsonValue({ namespace: 'a' }, metadata)).result, true, name);
      assert.equal(program.evaluate(() => jsonValue({}, metadata)).result, false, name);
    }
    const refused = compileProgram('self.package', declared);
    assert.ok(isRefused(refused) && refused.problem.includes("undefined field 'package'"));
  });

  test('a program that is 250 levels deep is refused', () => {
    const program = compileProgram(`${'('.repeat(300)}1${')'.repeat(300)}`, environment({}));
    assert.ok(isRefused(program) && program.problem.includes('expression recursion limit exceeded: 250'));
  });

  test('a program asks the authorizer and waits for its answer', () => {
    const program = compiled(
      "authorizer.group('apps').resource('deployments').namespace('a').check('get').allowed()",
      environment({ authorizer: structType('kubernetes.authorization.Authorizer') }),
    );
    const open = authorizerValue(() => undefined);
    assert.throws(
      () => program.evaluate(() => open),
      (error) => error instanceof QuestionOpen && error.question.resource === 'deployments' && error.question.verb === 'get',
    );
    const answered = authorizerValue(({ namespace }) => ({ allowed: namespace === 'a', reason: '' }));
    assert.equal(program.evaluate(() => answered).result, true);
  });
});

describe('work that grows is charged for', () => {
  const text = 'a'.repeat(50_000);
  const list = Array.from({ length: 5000 }, (_, index) => `x${index}`);
  const value = jsonValue({ text, list, deep: list.map((name) => ({ name })), same: list.map((name) => ({ name })) });
  const known = environment({ self: dynType });
  const costly: readonly (readonly [string, number])[] = [
    ['size(self.text) > 0', 2000],
    ['self.deep == self.same', 5000],
    ['(self.list + self.list).size() > 0', 1000],
    ['self.list.max() != ""', 5000],
    ['self.text.findAll("a").size() > 0', 50_000],
  ];
  for (const [source, least] of costly) {
    test(source, () => {
      const { cost } = compiled(source, known).evaluate(() => value);
      assert.ok(cost >= least, `${cost}`);
    });
  }

  test('what is known to cost too much is not begun', () => {
    const { result, cost } = compiled('self.list.distinct().size() > 0', known).evaluate(() => value);
    assert.ok(result instanceof Failure && cost > 1_000_000);
  });
});
