import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Container } from '../../functions/kube/generated/types.ts';
import { container, pod } from '../../test/support/node-pod.ts';
import { mayRestart, restartsAfter } from './restart-rules.ts';

const rule = (action: string, operator: string, ...values: number[]) => ({ action, exitCodes: { operator, values } });

describe('a container that ended', () => {
  const cases: readonly [what: string, own: Partial<Container>, policy: string, exitCode: number, comesBack: boolean][] = [
    ['follows the pod’s policy', {}, 'OnFailure', 1, true],
    ['follows the pod’s policy', {}, 'OnFailure', 0, false],
    ['follows its own policy first', { restartPolicy: 'Never' }, 'Always', 1, false],
    ['follows its own policy first', { restartPolicy: 'OnFailure' }, 'Never', 1, true],
    ['follows its rules before its policy', { restartPolicy: 'Never', restartPolicyRules: [rule('Restart', 'In', 42)] }, 'Never', 42, true],
    [
      'follows no rule that does not match',
      { restartPolicy: 'Never', restartPolicyRules: [rule('Restart', 'In', 42)] },
      'Always',
      1,
      false,
    ],
    ['follows rules of all other codes', { restartPolicy: 'Never', restartPolicyRules: [rule('Restart', 'NotIn', 42)] }, 'Never', 1, true],
  ];
  for (const [what, own, restartPolicy, exitCode, comesBack] of cases) {
    test(`${what}: ${JSON.stringify(own)} in ${restartPolicy} after ${exitCode}`, () => {
      const main = container('main', own);
      assert.equal(restartsAfter(pod({ restartPolicy, containers: [main] }), main, exitCode), comesBack);
    });
  }

  test('a container that ended may bring a pod that never restarts back to life', () => {
    const of = (own: Partial<Container>) => pod({ restartPolicy: 'Never', containers: [container('main', own)] });
    const rules = { restartPolicy: 'Never', restartPolicyRules: [rule('Restart', 'In', 42)] };
    assert.deepEqual([of({}), of({ restartPolicy: 'Always' }), of(rules)].map(mayRestart), [false, true, true]);
  });
});
