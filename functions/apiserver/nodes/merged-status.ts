/** A status of which the agent writes one part and others the rest. Pure. */
import { withCondition } from '../../kube/conditions.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { NodeCondition, NodeStatus, PodStatus } from '../../kube/generated/types.ts';
import { specialIpProblem } from '../../kube/special-ip.ts';
import { parseTime, timestamp } from '../../kube/time.ts';

/** A status without news is still written this often, so that its heartbeat times mean something. */
const statusRefreshMs = 300_000;

/**
 * The status without the addresses that another node has. Upstream believes each node; here the others would send it
 * what belongs to the node that has the address.
 */
export function withoutForeignAddresses(reported: NodeStatus, foreign: ReadonlySet<string>): NodeStatus {
  const { addresses } = reported;
  if (!Array.isArray(addresses) || !addresses.some(({ address }) => foreign.has(address))) return reported;
  return { ...reported, addresses: addresses.filter(({ address }) => !foreign.has(address)) };
}

/** What the agent reports, and of the rest what others wrote: conditions that it does not know are not its own. */
export function mergedNodeStatus(current: NodeStatus, reported: NodeStatus, nowMs: number): NodeStatus {
  const now = timestamp(nowMs);
  let conditions: readonly NodeCondition[] = current.conditions ?? [];
  for (const condition of reported.conditions ?? []) conditions = withCondition(conditions, { ...condition, lastHeartbeatTime: now }, now);
  return withoutEmptyLists({ ...current, ...reported, conditions: [...conditions] });
}

/** They are not stored: with them each report would look like news. */
const withoutEmptyLists = (status: NodeStatus): NodeStatus =>
  Object.fromEntries(Object.entries(status).filter(([, value]) => !Array.isArray(value) || value.length > 0));

const withoutHeartbeats = ({ conditions = [], ...rest }: NodeStatus): object => ({
  ...rest,
  conditions: conditions.map(({ lastHeartbeatTime: _time, ...condition }) => condition),
});

/** Whether it is worth a write. */
export function isNewNodeStatus(current: NodeStatus, next: NodeStatus, nowMs: number): boolean {
  if (!deepEqual(withoutHeartbeats(current), withoutHeartbeats(next))) return true;
  const beats = (current.conditions ?? []).flatMap(({ lastHeartbeatTime: time }) => (time === undefined ? [] : [parseTime(time)]));
  return beats.length > 0 && nowMs - Math.max(...beats) >= statusRefreshMs;
}

/** What the scheduler, the API and other controllers write into a pod's status. A report leaves it as it is. */
const fieldsOfOthers = [
  'qosClass',
  'nominatedNodeName',
  'resourceClaimStatuses',
  'extendedResourceClaimStatus',
  'nodeAllocatableResourceClaimStatuses',
] as const;

const partOfOthers = (status: PodStatus): PodStatus =>
  Object.fromEntries(fieldsOfOthers.flatMap((field) => (status[field] === undefined ? [] : [[field, status[field]]])));

/** Neither what others write, nor an address to which no Service may lead: it would keep the others' endpoints from being written. */
function ownPart({ podIP = '', podIPs = [], ...status }: PodStatus): PodStatus {
  const own = Object.entries(status).filter(([field]) => !fieldsOfOthers.some((other) => other === field));
  const isSpecial = [podIP, ...podIPs.map(({ ip }) => ip)].some((ip) => specialIpProblem(ip) !== undefined);
  const addresses = isSpecial || podIP === '' ? {} : { podIP, ...(podIPs.length === 0 ? {} : { podIPs }) };
  return { ...Object.fromEntries(own), ...addresses };
}

/** The agent's own, which are there only while they hold. */
const passingConditions: readonly string[] = ['PodResizePending', 'PodResizeInProgress'];

/** Everything in a pod's status is the agent's, but what others write. */
export function mergedPodStatus(current: PodStatus, reported: PodStatus): PodStatus {
  const reportedTypes = new Set(reported.conditions?.map(({ type }) => type));
  const foreign = (current.conditions ?? []).filter(({ type }) => !reportedTypes.has(type) && !passingConditions.includes(type));
  return { ...partOfOthers(current), ...ownPart(reported), conditions: [...(reported.conditions ?? []), ...foreign] };
}
