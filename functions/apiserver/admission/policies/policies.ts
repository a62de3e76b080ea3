/** The policies of a cluster with the bindings that put them into effect, by name. */
import { derived } from '../../../kube/derived.ts';
import type { MatchResources, ParamKind, ParamRef } from '../../../kube/generated/types.ts';
import type { KubeObject } from '../../../kube/object.ts';
import type { StoreView, View } from '../../../kube/view.ts';
import type { AdmissionAttributes, Grounds } from '../../ports.ts';
import type { LiveRegistry } from '../../registry/live-registry.ts';
import { rulesMatch } from '../match/resource-match.ts';

export interface PolicyBinding extends KubeObject {
  readonly spec: {
    readonly policyName?: string;
    readonly paramRef?: ParamRef;
    readonly matchResources?: MatchResources;
    readonly validationActions?: readonly string[];
  };
}

export interface PolicyObject extends KubeObject {
  readonly spec: {
    readonly failurePolicy?: string;
    readonly matchConstraints?: MatchResources;
    readonly paramKind?: ParamKind;
  };
}

export interface BoundPolicy<P extends PolicyObject> {
  readonly policy: P;
  readonly bindings: readonly PolicyBinding[];
}

export interface Policies<P extends PolicyObject> {
  /** Whether the rules of any policy match, decided without waiting. */
  isAny(attributes: AdmissionAttributes): boolean;
  /** The policies that have a binding. */
  list(): readonly BoundPolicy<P>[];
  readonly grounds: Grounds;
}

/** Policies do not apply to policies, or none could be removed. */
const isExempt = ({ type: { group } }: AdmissionAttributes): boolean => group === 'admissionregistration.k8s.io';

export interface PolicyResources {
  readonly policies: string;
  readonly bindings: string;
}

export function boundPolicies<P extends PolicyObject>(
  { policies, bindings }: PolicyResources,
  view: () => StoreView,
  registry: LiveRegistry,
): Policies<P> {
  const bound = derived([policies, bindings], (at) => {
    const byPolicy = Map.groupBy(
      at.list(bindings).map(({ object }) => object as PolicyBinding),
      ({ spec }) => spec.policyName ?? '',
    );
    return at.list(policies).flatMap(({ object, key }) => {
      const found = byPolicy.get(key.name);
      return found === undefined ? [] : [{ policy: object as P, bindings: found }];
    });
  });
  return {
    list: () => bound(view()),
    isAny(attributes) {
      const all = bound(view());
      if (all.length === 0 || isExempt(attributes)) return false;
      const index = registry(view());
      // The name of a request is not known yet when a plug-in is first asked.
      const anyName = { ...attributes, name: '' };
      return all.some(({ policy: { spec } }) => rulesMatch(withoutNames(spec.matchConstraints ?? {}), anyName, index) !== undefined);
    },
    grounds: { lists: [policies, bindings], of: (at) => revisions(at, [policies, bindings]) },
  };
}

const withoutNames = ({ resourceRules = [], matchPolicy }: MatchResources): MatchResources => ({
  ...(matchPolicy === undefined ? {} : { matchPolicy }),
  resourceRules: resourceRules.map((rule) => ({ ...rule, resourceNames: [] })),
});

const revisions = (view: View, resources: readonly string[]): string =>
  resources.flatMap((resource) => view.list(resource).map(({ key, revision }) => `${key.name}@${revision}`)).join();
