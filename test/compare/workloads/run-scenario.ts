/** One scenario on one control plane: does its steps, waits for rest, and collects what became of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../../../functions/client/client.ts';
import { copy } from '../../../functions/kube/copy.ts';
import type { Event, Pod } from '../../../functions/kube/generated/types.ts';
import type { Json, KubeObject, ObjectName } from '../../../functions/kube/object.ts';
import { labelsOf, nameOf, namespaceOf } from '../../../functions/kube/object.ts';
import { apiVersionOf, events, groupResource, namespaces, pods, type ResourceType } from '../../../functions/kube/resource-type.ts';
import { isObject } from '../json.ts';
import type { SimulatedNodes } from './simulated-nodes.ts';
import type { Recorder } from './recorder.ts';
import { type Expectation, namespaceOfScenario, type Scenario, type Step, type Target } from './scenario.ts';

export interface Side {
  readonly name: 'upstream' | 'ours';
  readonly client: Client;
  readonly types: readonly ResourceType[];
  readonly recorder: Recorder;
  readonly nodes: SimulatedNodes;
}

export interface Outcome {
  readonly objects: readonly KubeObject[];
  readonly events: readonly Event[];
  /** What did not come within its time. */
  readonly missed: readonly string[];
}

/** Nothing changed for so long: the side rests. */
const quietMs = 3_000;
const restWithinMs = 90_000;
const untilWithinSeconds = 90;
const pollMs = 100;

export async function runScenario(scenario: Scenario, side: Side): Promise<Outcome> {
  const run = new ScenarioRun(scenario, side);
  await run.begin();
  for (const step of scenario.steps) await run.step(step);
  return run.outcome();
}

class ScenarioRun {
  readonly #scenario: Scenario;
  readonly #side: Side;
  readonly #namespace: string;
  readonly #missed: string[] = [];

  constructor(scenario: Scenario, side: Side) {
    this.#scenario = scenario;
    this.#side = side;
    this.#namespace = namespaceOfScenario(scenario);
  }

  async begin(): Promise<void> {
    await this.#side.client.create(namespaces, { metadata: { name: this.#namespace }, spec: {} });
    await this.#until({ object: 'serviceaccounts/default' }, untilWithinSeconds);
    await this.#until({ object: 'configmaps/kube-root-ca.crt' }, untilWithinSeconds);
  }

  async step(step: Step): Promise<void> {
    await this.#act(step);
    for (const expectation of step.until ?? []) await this.#until(expectation, step.withinSeconds ?? untilWithinSeconds);
    await this.#rest();
  }

  async outcome(): Promise<Outcome> {
    const { client, recorder } = this.#side;
    const also = (this.#scenario.also ?? []).flatMap((target) => this.#find(target) ?? []);
    const own = (await client.list(events, { namespace: this.#namespace })).items;
    const others = (await client.list(events, { namespace: 'default' })).items.filter(({ involvedObject }) =>
      also.some((object) => object.kind === involvedObject.kind && nameOf(object) === involvedObject.name),
    );
    return { objects: [...recorder.objects(this.#namespace), ...also], events: [...own, ...others], missed: this.#missed };
  }

  async #act(step: Step): Promise<void> {
    const { client, nodes } = this.#side;
    for (const object of step.create ?? []) await this.#create(object);
    if (step.patch !== undefined) {
      const { type, at } = this.#at(step.patch);
      await client.patch(type, at, step.with ?? {}, step.subresource === undefined ? {} : { subresource: step.subresource });
    }
    if (step.delete !== undefined) {
      const { type, at } = this.#at(step.delete);
      await client.delete(type, at, step.options ?? {});
    }
    if (step.end !== undefined) {
      const { count, exitCode } = step.end;
      for (const pod of this.#pods(step.end.pods).slice(0, count)) await nodes.end(pod, exitCode);
    }
    if (step.evict !== undefined) await this.#evict(step.evict);
    if (step.silence !== undefined) nodes.silence(step.silence);
    if (step.wake !== undefined) nodes.wake(step.wake);
  }

  async #evict(selector: string): Promise<void> {
    for (const pod of this.#pods(selector)) {
      const at = { namespace: namespaceOf(pod), name: nameOf(pod) };
      const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: at };
      try {
        await this.#side.client.createSubresource(pods, at, 'eviction', body);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        this.#missed.push(`eviction: ${error.message}`);
      }
    }
  }

  async #create(object: KubeObject): Promise<void> {
    const type = this.#side.types.find(({ kind, group, version }) => {
      const wanted = (object as { apiVersion?: string }).apiVersion;
      return (
        kind === object.kind &&
        (wanted === undefined ? group !== 'extensions' : wanted === apiVersionOf({ group, version } as ResourceType))
      );
    });
    if (type === undefined) throw new Error(`no resource of kind ${object.kind}`);
    const made = copy(object);
    made.metadata = { ...made.metadata, ...(type.namespaced && { namespace: this.#namespace }) };
    await this.#side.client.create(type, { ...made, apiVersion: apiVersionOf(type) });
  }

  #at(target: Target): { type: ResourceType; at: ObjectName } {
    const [resource = '', name = ''] = target.split('/');
    const type = this.#side.types.find((known) => groupResource(known) === resource || known.resource === resource);
    if (type === undefined) throw new Error(`no resource ${resource}`);
    return { type, at: { namespace: type.namespaced ? this.#namespace : '', name } };
  }

  #find(target: Target): KubeObject | undefined {
    const { type, at } = this.#at(target);
    return this.#side.recorder.list(type, at.namespace).find((object) => nameOf(object) === at.name);
  }

  #pods(selector: string): readonly Pod[] {
    return this.#side.recorder.list(pods, this.#namespace).filter((pod) => isSelected(pod, selector));
  }

  #isMet({ object, has, gone, count, selector = '' }: Expectation): boolean {
    if (count !== undefined) {
      const { type, at } = this.#at(object);
      const all = this.#side.recorder.list(type, at.namespace);
      return all.filter((one) => isSelected(one, selector) && contains(one as unknown as Json, has ?? {})).length === count;
    }
    const found = this.#find(object);
    return gone === true ? found === undefined : found !== undefined && contains(found as unknown as Json, has ?? {});
  }

  async #until(expectation: Expectation, withinSeconds: number): Promise<void> {
    const deadline = Date.now() + withinSeconds * 1000;
    while (!this.#isMet(expectation)) {
      if (Date.now() > deadline) {
        this.#missed.push(`${JSON.stringify(expectation)} within ${withinSeconds} s`);
        return;
      }
      await sleep(pollMs);
    }
  }

  /** Every controller has seen the newest generation, and nothing changes any more. */
  async #rest(): Promise<void> {
    const from = Date.now();
    for (;;) {
      await sleep(pollMs);
      const quietSince = Math.max(from, this.#side.recorder.lastChangeMs(this.#namespace));
      if (Date.now() - quietSince > quietMs && this.#side.recorder.objects(this.#namespace).every(isObserved)) return;
      if (Date.now() - from > restWithinMs) {
        this.#missed.push('rest');
        return;
      }
    }
  }
}

function isObserved(object: KubeObject): boolean {
  const status = (object as { status?: { observedGeneration?: number } }).status;
  return status?.observedGeneration === undefined || status.observedGeneration === object.metadata.generation;
}

function isSelected(object: KubeObject, selector: string): boolean {
  const labels = labelsOf(object);
  return selector === '' || selector.split(',').every((part) => labels[part.split('=')[0] ?? ''] === part.split('=')[1]);
}

/** Everything of `part` is in `whole`. A list is met by a list that holds something for each item. */
function contains(whole: Json | undefined, part: Json): boolean {
  if (Array.isArray(part)) return Array.isArray(whole) && part.every((item) => whole.some((one) => contains(one, item)));
  if (!isObject(part)) return whole === part || (part === null && whole === undefined);
  return isObject(whole) && Object.entries(part).every(([name, value]) => contains(whole[name], value ?? null));
}
