/**
 * `hibernetes upgrade agents`: the agents of machines that joined become the version that the control plane serves, one node
 * after another. Pods run on; with --drain they move away before. An older control plane takes the agents back.
 */
import type { Client } from '../../functions/client/client.ts';
import {
  agentFileName,
  joinFilePrefix,
  joinHashesFile,
  refusedProgramAnnotation,
  runningProgramAnnotation,
  wantedProgramAnnotation,
} from '../../functions/node-protocol/agent-program.ts';
import { conditionOf } from '../../functions/kube/conditions.ts';
import type { Node } from '../../functions/kube/generated/types.ts';
import { nameOf } from '../../functions/kube/object.ts';
import { nodes } from '../../functions/kube/resource-type.ts';
import { type Clock, realWorld } from '../../functions/world.ts';
import { type ApiAccess, type ClusterChoice, withApi } from './api-client.ts';
import { CliError } from './cli-error.ts';
import { drain, setUnschedulable } from './drain.ts';
import { print, progressOf, type OutputChoice } from './output.ts';

export interface UpgradeAgentsOptions extends ClusterChoice, OutputChoice {
  /** Names of nodes. Left out: all that can be upgraded. */
  readonly node?: readonly string[];
  readonly drain?: boolean;
  /** Seconds. */
  readonly grace: number;
}

/** A node that has three starts of a minute each, and the way back. */
const upgradedWithinMs = 300_000;
const askAgainMs = 500;

const annotationOf = ({ metadata }: Node, name: string): string | undefined => metadata.annotations?.[name];
const isReady = ({ status }: Node): boolean => conditionOf(status?.conditions, 'Ready')?.status === 'True';
const short = (hash: string): string => hash.slice(0, 12);

async function servedProgram({ fetch }: ApiAccess): Promise<string> {
  const response = await fetch(joinFilePrefix + joinHashesFile);
  const hash = response.status === 200 ? ((await response.json()) as Record<string, string>)[agentFileName] : undefined;
  if (hash === undefined)
    throw new CliError('The control plane serves no agent.', 'hibernetes deploy or hibernetes up of this version brings it.');
  return hash;
}

async function untilUpgraded(client: Client, name: string, wanted: string, clock: Clock): Promise<void> {
  const endMs = clock.monotonicMs() + upgradedWithinMs;
  for (;;) {
    const node = await client.get(nodes, { namespace: '', name });
    if (annotationOf(node, runningProgramAnnotation) === wanted && isReady(node)) return;
    if (annotationOf(node, refusedProgramAnnotation) === wanted)
      throw new CliError(
        `The agent of ${name} could not start as the new version, and went back.`,
        `On ${name}: journalctl -u hibernetes-agent`,
      );
    if (clock.monotonicMs() > endMs)
      throw new CliError(
        `${name} does not run the new version after ${upgradedWithinMs / 1000} s.`,
        `On ${name}: journalctl -u hibernetes-agent`,
      );
    await clock.sleep(askAgainMs);
  }
}

async function upgradeNode(client: Client, node: Node, wanted: string, { options, clock }: Run): Promise<void> {
  const name = nameOf(node);
  const wasSchedulable = node.spec?.unschedulable !== true;
  if (options.drain === true) await drain(client, name, options.grace, clock);
  await client.patch(nodes, { namespace: '', name }, { metadata: { annotations: { [wantedProgramAnnotation]: wanted } } });
  await untilUpgraded(client, name, wanted, clock);
  if (options.drain === true && wasSchedulable) await setUnschedulable(client, name, false);
}

interface Run {
  readonly options: UpgradeAgentsOptions;
  readonly clock: Clock;
}

function chosen(all: readonly Node[], { node: names }: UpgradeAgentsOptions): readonly Node[] {
  const able = all.filter((node) => annotationOf(node, runningProgramAnnotation) !== undefined);
  if (names === undefined) return able;
  const missing = names.find((name) => !able.some((node) => nameOf(node) === name));
  if (missing === undefined) return able.filter((node) => names.includes(nameOf(node)));
  const isThere = all.some((node) => nameOf(node) === missing);
  throw new CliError(
    isThere ? `The agent of ${missing} cannot replace itself: it did not join by this version's script.` : `There is no node ${missing}.`,
    isThere ? `On ${missing}: hibernetes leave, then join again.` : 'kubectl get nodes lists them.',
  );
}

export interface UpgradedAgents {
  readonly program: string;
  readonly upgraded: readonly string[];
  /** The number of nodes that run this version. */
  readonly current: number;
}

export async function upgradeAgentsOf(options: UpgradeAgentsOptions): Promise<UpgradedAgents> {
  const progress = progressOf(options);
  const { clock } = realWorld('error');
  return withApi(options, async (api) => {
    const wanted = await servedProgram(api);
    const asked = chosen((await api.client.list(nodes)).items, options);
    const behind = asked.filter((node) => annotationOf(node, runningProgramAnnotation) !== wanted);
    for (const node of behind) {
      const from = short(annotationOf(node, runningProgramAnnotation) ?? '');
      await progress.step(`Upgrading the agent of ${nameOf(node)} from ${from} to ${short(wanted)}`, () =>
        upgradeNode(api.client, node, wanted, { options, clock }),
      );
    }
    const same = asked.length - behind.length;
    if (behind.length === 0)
      progress.note(
        same === 0
          ? 'No node’s agent can be upgraded from here: none has joined by the script.'
          : `All ${same} agents run ${short(wanted)} already.`,
      );
    return { program: wanted, upgraded: behind.map((node) => nameOf(node)), current: asked.length };
  });
}

export async function upgradeAgents(options: UpgradeAgentsOptions): Promise<void> {
  print(options, await upgradeAgentsOf(options), () => '');
}
