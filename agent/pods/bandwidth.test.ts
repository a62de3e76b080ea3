import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bandwidthProblem } from './bandwidth.ts';

const problem = (value: string, direction = 'ingress'): string | undefined =>
  bandwidthProblem({ metadata: { annotations: { [`kubernetes.io/${direction}-bandwidth`]: value } } } as never);

for (const value of ['1k', '10M', '1P', '1.5G', '1e6', '1000'])
  test(`a pod may ask for a bandwidth of ${value}`, () => {
    assert.equal(problem(value), undefined);
  });

for (const value of ['', ' ', '10M\n', ' 10M', '-1M', 'x', '999', '2P', '1e400', 'NaN', '9'.repeat(100), '../x', '1M 2M', '0x10'])
  for (const direction of ['ingress', 'egress'])
    test(`the sandbox is not made for a bandwidth of ${JSON.stringify(value)} (${direction})`, () => {
      assert.match(problem(value, direction) ?? '', /^failed to setup network for sandbox: reading pod bandwidth annotations: /);
    });

test('a pod without annotations asks for none', () => {
  assert.equal(bandwidthProblem({ metadata: {} } as never), undefined);
});
