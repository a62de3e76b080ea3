/** What the API's answers mean for the machine that asks: clock, versions, name. */
import { conditionOf } from '../../../functions/kube/conditions.ts';
import type { Node } from '../../../functions/kube/generated/types.ts';
import { nameOf } from '../../../functions/kube/object.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

export interface ClusterFacts {
  readonly server: string;
  /** Undefined: no answer, for this reason. */
  readonly failure?: string;
  /** The server's time, in milliseconds since 1970. */
  readonly serverMs?: number;
  readonly ownMs?: number;
  /** The version that `/version` names: `v1.37.2`. */
  readonly version?: string;
  readonly nodes?: readonly Node[];
}

/** Tokens and certificates are good from a moment on. */
const clockMsMax = 30_000;

const clock = ({ serverMs = 0, ownMs = 0 }: ClusterFacts): Finding => {
  const seconds = Math.round((ownMs - serverMs) / 1000);
  return Math.abs(ownMs - serverMs) <= clockMsMax
    ? ok('clock', 'This machine’s clock and the server’s agree.')
    : problem(
        'clock',
        `This machine’s clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} the server’s.`,
        'timedatectl set-ntp true',
      );
};

const isReady = ({ status }: Node): boolean => conditionOf(status?.conditions, 'Ready')?.status === 'True';

const nodeFinding = (nodes: readonly Node[]): Finding => {
  const [first, ...others] = nodes.filter((node) => !isReady(node));
  if (first === undefined) return ok('nodes', nodes.length === 1 ? 'The only node is Ready.' : `All ${nodes.length} nodes are Ready.`);
  const why = conditionOf(first.status?.conditions, 'Ready')?.message ?? 'it has not reported';
  return warning(
    'nodes',
    `${others.length + 1} of ${nodes.length} nodes are not Ready; ${nameOf(first)}: ${why}.`,
    `kubectl describe node ${nameOf(first)}`,
  );
};

export function clusterFindings(facts: ClusterFacts): readonly Finding[] {
  const { server, failure, version, nodes } = facts;
  if (failure !== undefined)
    return [problem('api', `${server} does not answer: ${failure}.`, 'Does the control plane run, and may this machine reach it?')];
  return [
    ok('api', `${server} answers, Kubernetes ${version ?? 'of an unknown version'}.`),
    clock(facts),
    ...(nodes === undefined ? [] : [nodeFinding(nodes)]),
  ];
}
