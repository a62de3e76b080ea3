import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Container } from '../../functions/kube/generated/types.ts';
import { container, exited, pod, running, sandbox } from '../../test/support/node-pod.ts';
import { planContainers } from './container-plan.ts';
import { emptyMemory } from './observed-pod.ts';
import { mayRestart, restartsAfter } from './restart-rules.ts';

const rule = (action: string, operator: string, ...values: number[]) => ({ action, exitCodes: { operator, values } });
const nowMs = Date.UTC(2026, 0, 1);

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

test('a rule RestartAllContainers ends all containers, removes them and starts them again', () => {
  const watcher = container('watcher', { restartPolicy: 'Never', restartPolicyRules: [rule('RestartAllContainers', 'In', 42)] });
  const of = pod({ containers: [container('main'), watcher] });
  const decisions = (...containers: Parameters<typeof planContainers>[0]['containers'][number][]): string[] => {
    const input = { pod: of, sandboxId: sandbox().id, containers, memory: emptyMemory, probes: {}, nowMs };
    return [...planContainers(input).decisions].map(([name, { kind }]) => `${name} ${kind}`);
  };
  assert.deepEqual(decisions(running('main'), exited('watcher', 42)), ['main stop']);
  assert.deepEqual(decisions(exited('main', 0), exited('watcher', 42)), ['main discard', 'watcher discard']);
  assert.deepEqual(decisions(), ['main start', 'watcher start']);
});
