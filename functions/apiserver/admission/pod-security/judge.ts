/**
 * Holds pods to the standards that their namespace asks for, and namespaces to labels that name one.
 * Source: pod-security-admission, admission/admission.go.
 */
import { deepEqual } from '../../../kube/equality.ts';
import type { CronJob, Deployment, Pod, PodTemplate } from '../../../kube/generated/types.ts';
import { aggregate } from '../../../kube/field-error.ts';
import type { KubeObject } from '../../../kube/object.ts';
import {
  cronJobs,
  daemonSets,
  deployments,
  groupResource,
  jobs,
  namespaces,
  pods,
  podTemplates,
  replicaSets,
  replicationControllers,
  type ResourceType,
  statefulSets,
} from '../../../kube/resource-type.ts';
import { forbidden, StatusError } from '../../../kube/status-error.ts';
import type { View } from '../../../kube/view.ts';
import type { CommitChange, CommitOutcome, WriteContext } from '../../../resources/definition.ts';
import { namespaceKey } from '../namespace-lifecycle.ts';
import type { PodShape, Violation } from './check.ts';
import type { PodSecurityConfiguration } from './configuration.ts';
import { detailsText, violationsOf } from './evaluate.ts';
import { existingPodsWarnings } from './existing-pods.ts';
import { isEquivalent, isPrivileged, isSame, isStricter, type LevelVersion, levelText, type Policy, policyOf, prefix } from './policy.ts';
import { isSignificant } from './significant-update.ts';

const podResource = groupResource(pods);
const namespaceResource = groupResource(namespaces);

const ofTemplate = (object: KubeObject): PodShape | undefined => (object as Deployment).spec?.template as PodShape | undefined;

const templates: ReadonlyMap<string, (object: KubeObject) => PodShape | undefined> = new Map(
  (
    [
      [replicationControllers, ofTemplate],
      [replicaSets, ofTemplate],
      [deployments, ofTemplate],
      [statefulSets, ofTemplate],
      [daemonSets, ofTemplate],
      [jobs, ofTemplate],
      [podTemplates, (object) => (object as PodTemplate).template as PodShape | undefined],
      [cronJobs, (object) => (object as CronJob).spec?.jobTemplate.spec?.template as PodShape | undefined],
    ] satisfies [ResourceType, (object: KubeObject) => PodShape | undefined][]
  ).map(([type, templateOf]) => [groupResource(type), templateOf]),
);

/** What the rule makes of a change. */
export function judged(change: CommitChange, circumstances: Circumstances): CommitOutcome {
  const { view, configuration } = circumstances;
  return change.key.resource === namespaceResource ? ofNamespace(change, view, configuration) : ofPods(change, circumstances);
}

function ofNamespace({ key, next, current }: CommitChange, view: View, { defaults, exemptions }: PodSecurityConfiguration): CommitOutcome {
  const labels = next.metadata.labels ?? {};
  const { policy, errors } = policyOf(labels, defaults);
  const isExempt = exemptions.namespaces.has(key.name);
  const ignored = (): CommitOutcome => ({ warnings: isExempt ? ignoredWarnings(key.name, policy, { labels, defaults }) : [] });
  if (current === undefined) return errors.length > 0 ? { errors } : ignored();
  const before = policyOf(current.metadata.labels ?? {}, defaults);
  if (errors.length > 0 && !deepEqual(errors, before.errors)) return { errors };
  const { enforce } = policy;
  const old = before.policy.enforce;
  if (isSame(enforce, old) || enforce.level === 'privileged') return {};
  if (enforce.minor === old.minor && !isStricter(enforce.level, old.level)) return {};
  if (isExempt) return ignored();
  const present = view.list(podResource, key.name).map(({ object }) => object as Pod);
  const checked = present.filter(({ spec }) => !exemptions.runtimeClasses.has(spec.runtimeClassName ?? ''));
  return { warnings: existingPodsWarnings(key.name, enforce, checked) };
}

function ignoredWarnings(
  name: string,
  policy: Policy,
  { labels, defaults }: { labels: Readonly<Record<string, string>>; defaults: Policy },
): string[] {
  if (isPrivileged(policy) || isEquivalent(policy, defaults)) return [];
  const asked = (['enforce', 'audit', 'warn'] as const).filter(
    (mode) =>
      policy[mode].level !== 'privileged' && (labels[`${prefix}${mode}`] !== undefined || labels[`${prefix}${mode}-version`] !== undefined),
  );
  const list = asked.map((mode) => `${mode}=${levelText(policy[mode])}`).join(', ');
  return [`namespace ${JSON.stringify(name)} is exempt from Pod Security, and the policy (${list}) will be ignored`];
}

export interface Circumstances {
  readonly view: View;
  readonly context: WriteContext;
  readonly configuration: PodSecurityConfiguration;
}

const annotated = (key: string, value: string): CommitOutcome => ({ annotations: { [`${prefix}${key}`]: value } });

function ofPods(change: CommitChange, { view, context, configuration: { defaults, exemptions } }: Circumstances): CommitOutcome {
  const { key, next, current } = change;
  const isPod = key.resource === podResource;
  if (exemptions.namespaces.has(key.namespace)) return annotated('exempt', 'namespace');
  if (exemptions.usernames.has(context.userName)) return annotated('exempt', 'user');
  const namespace = view.get(namespaceKey(key.namespace))?.object;
  if (namespace === undefined) return withoutNamespace(key.namespace, isPod);
  const { policy, errors } = policyOf(namespace.metadata.labels ?? {}, defaults);
  if (errors.length === 0 && isPrivileged(policy, isPod ? ['enforce', 'audit', 'warn'] : ['audit', 'warn'])) {
    return isPod ? annotated('enforce-policy', 'privileged:latest') : {};
  }
  if (isPod && current !== undefined && !isSignificant(next as Pod, current as Pod)) return {};
  const shape = isPod ? (next as Pod) : templates.get(key.resource)?.(next);
  if (shape?.spec === undefined) return {};
  if (exemptions.runtimeClasses.has(shape.spec.runtimeClassName ?? '')) return annotated('exempt', 'runtimeClass');
  const error = errors.length === 0 ? {} : { error: aggregate(errors.map(({ field, message }) => `${field}: ${message}`)) };
  return evaluated(change, { metadata: shape.metadata ?? {}, spec: shape.spec }, { policy, isPod, ...error });
}

function withoutNamespace(namespace: string, isPod: boolean): CommitOutcome {
  const message = `failed to lookup namespace ${JSON.stringify(namespace)}`;
  const why = `namespaces ${JSON.stringify(namespace)} not found`;
  if (!isPod) return annotated('error', `${message}: ${why}`);
  const text = `Internal error occurred: ${message}`;
  const refusal = new StatusError(500, 'InternalError', text, { details: { causes: [{ message }] } });
  return { ...annotated('error', `${text}: ${why}`), refusal };
}

interface Evaluation {
  readonly policy: Policy;
  /** Whether the object is a pod: only pods are refused. */
  readonly isPod: boolean;
  /** What is wrong with the namespace's labels. */
  readonly error?: string;
}

function evaluated({ key }: CommitChange, shape: PodShape, { policy, isPod, error }: Evaluation): CommitOutcome {
  const known = new Map<string, readonly Violation[]>();
  const violations = (wanted: LevelVersion): readonly Violation[] => {
    const text = levelText(wanted);
    const found = known.get(text) ?? violationsOf(wanted, shape);
    known.set(text, found);
    return found;
  };
  const text = (verb: string, wanted: LevelVersion): string | undefined =>
    violations(wanted).length === 0 ? undefined : `${verb} PodSecurity "${levelText(wanted)}": ${detailsText(violations(wanted))}`;
  const refused = isPod ? text('violates', policy.enforce) : undefined;
  const audited = text('would violate', policy.audit);
  const warning = refused === undefined ? text('would violate', policy.warn) : undefined;
  const annotations = {
    ...(error === undefined ? {} : { [`${prefix}error`]: `Failed to parse policy: ${error}` }),
    ...(isPod ? { [`${prefix}enforce-policy`]: levelText(policy.enforce) } : {}),
    ...(audited === undefined ? {} : { [`${prefix}audit-violations`]: audited }),
  };
  return {
    annotations,
    warnings: warning === undefined ? [] : [warning],
    ...(refused === undefined ? {} : { refusal: forbidden(pods, key.name, refused) }),
  };
}
