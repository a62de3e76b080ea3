/**
 * Sets ServiceCIDRs ready, and keeps those whose addresses Services still use. The commit of a Service allocates its
 * addresses, so the Service itself holds the truth, and no IPAddress does.
 * Source: pkg/controller/servicecidrs/servicecidrs_controller.go.
 */
import { userNameOf } from '../../kube/controller-role.ts';
import { withCondition } from '../../kube/conditions.ts';
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { Condition, ServiceCIDR } from '../../kube/generated/types.ts';
import { type Ipv4Range, ipv4Number, isInRange, readIpv4Range } from '../../kube/ipv4.ts';
import { isTerminating, nameOf } from '../../kube/object.ts';
import { serviceCIDRs, services } from '../../kube/resource-type.ts';
import { timestamp } from '../../kube/time.ts';
import type { Cache, Controller, ReconcileContext } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { serviceCidrWatches } from './watches.ts';
import { serviceCidrsRole } from './role.ts';

const finalizer = 'networking.k8s.io/service-cidr-finalizer';
const inUse = 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR';

export const serviceCidrsController: Controller = {
  name: 'service-cidrs',
  actsAs: userNameOf(serviceCidrsRole),
  watches: serviceCidrWatches,
  all: (cache) => namesOf(cache.list(serviceCIDRs)),
  async reconcile(request, context) {
    const cidr = context.cache.get(serviceCIDRs, request);
    if (cidr === undefined) return settled;
    const { finalizers = [] } = cidr.metadata;
    if (isTerminating(cidr) && !isNeeded(cidr, context.cache)) {
      await setFinalizers(
        cidr,
        finalizers.filter((name) => name !== finalizer),
        context,
      );
      return settled;
    }
    if (isTerminating(cidr)) await report(cidr, { status: 'False', reason: 'Terminating', message: inUse }, context);
    else {
      const held = await setFinalizers(cidr, [...new Set([...finalizers, finalizer])], context);
      await report(held, { status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' }, context);
    }
    return settled;
  },
};

async function setFinalizers(cidr: ServiceCIDR, finalizers: string[], { client }: ReconcileContext): Promise<ServiceCIDR> {
  if (deepEqual(finalizers, cidr.metadata.finalizers ?? [])) return cidr;
  const { uid, resourceVersion } = cidr.metadata;
  return client.patch(serviceCIDRs, { namespace: '', name: nameOf(cidr) }, { metadata: { uid, resourceVersion, finalizers } });
}

async function report(
  cidr: ServiceCIDR,
  ready: Pick<Condition, 'status' | 'reason' | 'message'>,
  { client, clock }: ReconcileContext,
): Promise<void> {
  const now = timestamp(clock.now());
  const conditions = withCondition<Condition>(cidr.status?.conditions, { type: 'Ready', lastTransitionTime: now, ...ready }, now);
  if (deepEqual(conditions, cidr.status?.conditions)) return;
  await client.update(serviceCIDRs, { ...copy(cidr), status: { ...cidr.status, conditions } }, 'status');
}

const rangesOf = ({ spec }: ServiceCIDR): Ipv4Range[] => (spec?.cidrs ?? []).map(readIpv4Range).filter((range) => range !== undefined);

/** A Service has an address in it that no other range has. */
export function isNeeded(cidr: ServiceCIDR, cache: Cache): boolean {
  const others = cache
    .list(serviceCIDRs)
    .filter((other) => nameOf(other) !== nameOf(cidr) && !isTerminating(other))
    .flatMap(rangesOf);
  const own = rangesOf(cidr);
  const has = (ranges: readonly Ipv4Range[], ip: number): boolean => ranges.some((range) => isInRange(range, ip));
  return cache
    .list(services)
    .flatMap(({ spec }) => spec?.clusterIPs ?? [])
    .filter((ip) => /^\d+(?:\.\d+){3}$/.test(ip))
    .map(ipv4Number)
    .some((ip) => has(own, ip) && !has(others, ip));
}
