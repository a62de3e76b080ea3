/** One run of an autoscaler: reads target and metrics, scales the target, and leaves status and conditions. */
import { conditionOf } from '../../kube/conditions.ts';
import type {
  AutoscalingHorizontalPodAutoscaler as Autoscaler,
  AutoscalingHorizontalPodAutoscalerCondition as Condition,
  AutoscalingHorizontalPodAutoscalerStatus as Status,
  AutoscalingMetricStatus as MetricStatus,
  Pod,
  Scale,
} from '../../kube/generated/types.ts';
import { parseLabelSelector, matchesLabels } from '../../kube/labels.ts';
import { labelsOf, nameOf, namespaceOf } from '../../kube/object.ts';
import { parseQuantity } from '../../kube/quantity.ts';
import { horizontalPodAutoscalers, pods } from '../../kube/resource-type.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { StatusError } from '../../kube/status-error.ts';
import { timestamp } from '../../kube/time.ts';
import type { ReconcileContext } from '../../workers/controller.ts';
import type { ResourceTypes } from '../shared/resource-types.ts';
import { MetricFailure, proposalOf } from './proposals.ts';
import type { Proposal } from './proposals.ts';
import type { Tolerance } from './replica-count.ts';
import { decide } from './stabilization.ts';
import type { History } from './stabilization.ts';

const toleranceDefault = 0.1;
const nanoPerUnit = 1e9;

interface Means {
  readonly context: ReconcileContext;
  readonly resourceTypes: ResourceTypes;
}

interface Target {
  readonly type: ResourceType;
  readonly scale: Scale;
}

/** What is to be done, and why. */
interface Plan {
  readonly desired: number;
  readonly reason: string;
}

/** Ends the run early; a condition and an event hold the reason. */
class Unable extends Error {}

export class Autoscaling {
  readonly #autoscaler: Autoscaler;
  readonly #means: Means;
  readonly conditions: Condition[] = [];
  history: History;
  status: Status;

  constructor(autoscaler: Autoscaler, history: History, means: Means) {
    this.#autoscaler = autoscaler;
    this.#means = means;
    this.history = history;
    const { currentReplicas = 0, desiredReplicas = 0 } = autoscaler.status ?? {};
    this.status = { ...autoscaler.status, currentReplicas, desiredReplicas };
  }

  async run(): Promise<void> {
    try {
      const target = await this.#target();
      const plan = await this.#plan(target);
      await this.#apply(target, plan);
    } catch (error) {
      if (!(error instanceof Unable)) throw error;
    }
  }

  #condition(type: string, isTrue: boolean, [reason, message]: readonly [string, string]): void {
    this.conditions.push({ type, status: isTrue ? 'True' : 'False', reason, message });
  }

  #warn(reason: string, message: string): void {
    this.#means.context.events.event(this.#autoscaler, 'Warning', reason, message);
  }

  async #target(): Promise<Target> {
    const { scaleTargetRef: reference } = this.#autoscaler.spec;
    try {
      const group = (reference.apiVersion ?? '').split('/').reverse()[1] ?? '';
      const type = this.#means.resourceTypes().find((candidate) => candidate.kind === reference.kind && candidate.group === group);
      if (type === undefined) throw new Error(`no matches for kind ${JSON.stringify(reference.kind)} in group ${JSON.stringify(group)}`);
      const at = { namespace: namespaceOf(this.#autoscaler), name: reference.name };
      const scale = await this.#means.context.client.getSubresource<Scale>(type, at, 'scale');
      this.#condition('AbleToScale', true, ['SucceededGetScale', "the HPA controller was able to get the target's current scale"]);
      return { type, scale };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#warn('FailedGetScale', error.message);
      const message = `the HPA controller was unable to get the target's current scale: ${error.message}`;
      this.#condition('AbleToScale', false, ['FailedGetScale', message]);
      throw new Unable();
    }
  }

  async #plan({ scale }: Target): Promise<Plan> {
    const { minReplicas: min = 1, maxReplicas: max } = this.#autoscaler.spec;
    const current = scale.spec.replicas ?? 0;
    if (this.history.recommendations.length === 0) this.#recommend(current);
    // Metrics that are not asked for are not reported either.
    const { currentMetrics: _before, ...status } = this.status;
    this.status = status;
    if (current > max) return { desired: max, reason: 'Current number of replicas above Spec.MaxReplicas' };
    if (current === 0 && !this.#maySleep(min)) {
      this.#condition('ScalingActive', false, ['ScalingDisabled', 'scaling is disabled since the replica count of the target is zero']);
      return { desired: 0, reason: '' };
    }
    if (current > 0 && current < min) return { desired: min, reason: 'Current number of replicas below Spec.MinReplicas' };
    return this.#planByMetrics(scale, { current, min, max });
  }

  /** Zero replicas are the autoscaler's own doing, and it can wake them. */
  #maySleep(min: number): boolean {
    const isScaledToZero = conditionOf(this.#autoscaler.status?.conditions, 'ScaledToZero')?.status === 'True';
    return isScaledToZero && (min !== 0 || this.#measuresOutside());
  }

  #measuresOutside(): boolean {
    return (this.#autoscaler.spec.metrics ?? []).some(({ type }) => type === 'Object' || type === 'External');
  }

  #recommend(count: number): void {
    const atMs = this.#means.context.clock.now();
    this.history = { ...this.history, recommendations: [...this.history.recommendations, { atMs, count }] };
  }

  async #planByMetrics(
    scale: Scale,
    { current, min, max }: { readonly current: number; readonly min: number; readonly max: number },
  ): Promise<Plan> {
    const { behavior } = this.#autoscaler.spec;
    const best = await this.#bestProposal(scale);
    const wanted = Math.max(0, best.replicas);
    const reason = wanted > current ? `${best.name} above target` : wanted < current ? 'All metrics below target' : '';
    const nowMs = this.#means.context.clock.now();
    const { replicas, able, limited } = decide(wanted, { current, min, max, behavior }, this.history, nowMs);
    this.#recommend(wanted);
    this.#condition('AbleToScale', true, able);
    const [isLimited, why, message] = limited;
    this.#condition('ScalingLimited', isLimited, [why, message]);
    if (current > 0 || replicas >= min) return { desired: replicas, reason };
    return { desired: min, reason: reason === '' ? 'Current number of replicas below Spec.MinReplicas' : reason };
  }

  /** The metric that asks for most. Where some fail, the others may still ask for more, but not for less. */
  async #bestProposal(scale: Scale): Promise<Proposal> {
    const { metrics = [] } = this.#autoscaler.spec;
    const current = scale.spec.replicas ?? 0;
    this.status = { ...this.status, currentReplicas: current, ...this.#observed() };
    const selector = await this.#selector(scale);
    const statuses: MetricStatus[] = [];
    const proposals: Proposal[] = [];
    const failures: MetricFailure[] = [];
    for (const spec of metrics) {
      try {
        const proposal = await proposalOf(spec, {
          ...this.#means,
          autoscaler: this.#autoscaler,
          selector,
          pods: this.#podsOf(selector),
          currentReplicas: current,
          statusReplicas: scale.status?.replicas ?? 0,
          tolerance: this.#tolerance(),
          nowMs: this.#means.context.clock.now(),
        });
        proposals.push(proposal);
        statuses.push(proposal.status);
      } catch (error) {
        if (!(error instanceof MetricFailure)) throw error;
        this.#warn(error.reason, error.why);
        failures.push(error);
        statuses.push({ type: '' });
      }
    }
    this.status = { ...this.status, currentMetrics: statuses };
    const [first] = failures;
    const best = proposals.reduce<Proposal | undefined>(
      (most, proposal) => (most === undefined || most.replicas === 0 || proposal.replicas > most.replicas ? proposal : most),
      undefined,
    );
    if (best === undefined || (first !== undefined && best.replicas < current)) return this.#failMetrics(first, failures.length);
    const name = best.name;
    const message = `the HPA was able to successfully calculate a replica count from ${name}`;
    this.#condition('ScalingActive', true, ['ValidMetricFound', message]);
    return best;
  }

  #failMetrics(first: MetricFailure | undefined, count: number): never {
    if (first !== undefined) {
      const message = `the HPA was unable to compute the replica count: ${first.why}`;
      this.#condition('ScalingActive', false, [first.reason, message]);
      const total = this.#autoscaler.spec.metrics?.length ?? 0;
      this.#warn('FailedComputeMetricsReplicas', `invalid metrics (${count} invalid out of ${total}), first error is: ${first.message}`);
    }
    throw new Unable();
  }

  #podsOf(selector: string): readonly Pod[] {
    const requirements = parseLabelSelector(selector);
    const all = this.#means.context.cache.list(pods, namespaceOf(this.#autoscaler));
    return all.filter((pod) => matchesLabels(requirements, labelsOf(pod)));
  }

  /** Pods that two autoscalers count would be scaled by both. */
  async #selector({ status }: Scale): Promise<string> {
    const selector = status?.selector ?? '';
    if (selector === '') {
      this.#warn('SelectorRequired', 'selector is required');
      this.#refuse('InvalidSelector', "the HPA target's scale is missing a selector", 'selector is required');
    }
    const rivals = await this.#rivals(this.#podsOf(selector));
    if (rivals.length === 0) return selector;
    const place = (autoscaler: Autoscaler): string => `${namespaceOf(autoscaler)}/${nameOf(autoscaler)}`;
    const named = [this.#autoscaler, ...rivals].slice(0, 2).map(place).join(' ');
    const message = `pods by selector ${selector} are controlled by more than one HPA (e.g. [${named}])`;
    this.#warn('AmbiguousSelector', message);
    return this.#refuse('AmbiguousSelector', message, message);
  }

  #refuse(reason: string, message: string, error: string): never {
    this.#condition('ScalingActive', false, [reason, message]);
    this.#warn('FailedComputeMetricsReplicas', error);
    throw new Unable();
  }

  async #rivals(own: readonly Pod[]): Promise<Autoscaler[]> {
    const { context, resourceTypes } = this.#means;
    const namespace = namespaceOf(this.#autoscaler);
    const found: Autoscaler[] = [];
    for (const other of context.cache.list(horizontalPodAutoscalers, namespace)) {
      const { kind, apiVersion = '', name } = other.spec.scaleTargetRef;
      const group = apiVersion.split('/').reverse()[1] ?? '';
      const type = resourceTypes().find((candidate) => candidate.kind === kind && candidate.group === group);
      if (nameOf(other) === nameOf(this.#autoscaler) || type === undefined || own.length === 0) continue;
      const requirements = await this.#requirementsOf(type, { namespace, name });
      if (requirements !== undefined && own.some((pod) => matchesLabels(requirements, labelsOf(pod)))) found.push(other);
    }
    return found;
  }

  /** undefined: what another autoscaler scales is not there. */
  async #requirementsOf(
    type: ResourceType,
    at: { namespace: string; name: string },
  ): Promise<ReturnType<typeof parseLabelSelector> | undefined> {
    try {
      const { status } = await this.#means.context.client.getSubresource<Scale>(type, at, 'scale');
      return status?.selector ? parseLabelSelector(status.selector) : undefined;
    } catch (error) {
      if (error instanceof StatusError) return undefined;
      throw error;
    }
  }

  #tolerance(): Tolerance {
    const { scaleUp, scaleDown } = this.#autoscaler.spec.behavior ?? {};
    const share = (quantity: string | undefined): number =>
      quantity === undefined ? toleranceDefault : Number(parseQuantity(quantity)) / nanoPerUnit;
    return { up: share(scaleUp?.tolerance), down: share(scaleDown?.tolerance) };
  }

  #observed(): Pick<Status, 'observedGeneration'> {
    const { generation } = this.#autoscaler.metadata;
    return generation === undefined ? {} : { observedGeneration: generation };
  }

  async #apply({ type, scale }: Target, { desired, reason }: Plan): Promise<void> {
    const { context } = this.#means;
    const current = scale.spec.replicas ?? 0;
    this.status = { ...this.status, currentReplicas: current, ...this.#observed() };
    if (desired === current) {
      this.status = { ...this.status, desiredReplicas: desired };
      return;
    }
    try {
      await context.client.update(type, { ...scale, spec: { ...scale.spec, replicas: desired } }, 'scale');
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      this.#warn('FailedRescale', `New size: ${desired}; reason: ${reason}; error: ${error.message}`);
      const message = `the HPA controller was unable to update the target scale: ${error.message}`;
      this.#condition('AbleToScale', false, ['FailedUpdateScale', message]);
      return;
    }
    this.#condition('AbleToScale', true, ['SucceededRescale', `the HPA controller was able to update the target scale to ${desired}`]);
    context.events.event(this.#autoscaler, 'Normal', 'SuccessfulRescale', `New size: ${desired}; reason: ${reason}`);
    this.#recordChange(current, desired);
    const isAsleep = current > 0 && desired === 0 && this.#autoscaler.spec.minReplicas === 0 && this.#measuresOutside();
    this.#condition(
      'ScaledToZero',
      isAsleep,
      isAsleep
        ? ['ScaledToZero', 'the HPA controller scaled the workload to zero']
        : ['NotScaledToZero', 'the HPA controller did not scale the workload to zero'],
    );
    this.status = { ...this.status, desiredReplicas: desired, lastScaleTime: timestamp(context.clock.now()) };
  }

  #recordChange(current: number, desired: number): void {
    if (this.#autoscaler.spec.behavior === undefined) return;
    const list = desired > current ? 'scaledUp' : 'scaledDown';
    const sample = { atMs: this.#means.context.clock.now(), count: Math.abs(desired - current) };
    this.history = { ...this.history, [list]: [...this.history[list], sample] };
  }
}
