/**
 * What a check of the pod security standards is, and the wording that they share. Source: pod-security-admission,
 * policy/checks.go.
 */
import type { Container, ObjectMeta, PodSpec } from '../../../kube/generated/types.ts';

/** A pod, or the template of one. */
export interface PodShape {
  readonly metadata: Pick<ObjectMeta, 'annotations'>;
  readonly spec: PodSpec;
}

export interface Violation {
  /** Short: shown also where many pods are checked. */
  readonly reason: string;
  /** With the values that are not allowed. */
  readonly detail: string;
}

export type PodCheck = (pod: PodShape) => Violation | undefined;

export interface Check {
  readonly id: string;
  readonly level: 'baseline' | 'restricted';
  /** The oldest first. */
  readonly revisions: readonly Revision[];
}

export interface Revision {
  /** The first version of the standards that it belongs to: 25 is v1.25. */
  readonly sinceMinor: number;
  readonly check: PodCheck;
  /** The id of a weaker check that need not run as well. */
  readonly overrides?: string;
}

export type CheckedContainer = Pick<
  Container,
  'name' | 'ports' | 'securityContext' | 'livenessProbe' | 'readinessProbe' | 'startupProbe' | 'lifecycle'
>;

/** In the order in which their names are listed. */
export const containersOf = ({ initContainers = [], containers, ephemeralContainers = [] }: PodSpec): readonly CheckedContainer[] => [
  ...initContainers,
  ...(containers ?? []),
  ...ephemeralContainers,
];

export const quoted = (texts: readonly string[]): string => texts.map((text) => `"${text}"`).join(', ');

export const sorted = (texts: Iterable<string>): string[] => [...new Set(texts)].toSorted();

export const plural = (noun: string, list: readonly unknown[]): string => (list.length === 1 ? noun : `${noun}s`);

/** `container "a"`, `containers "a", "b"`. */
export const containersText = (names: readonly string[]): string => `${plural('container', names)} ${quoted(names)}`;

export const namesOf = (spec: PodSpec, isBad: (container: CheckedContainer) => boolean): string[] =>
  containersOf(spec)
    .filter(isBad)
    .map(({ name }) => name);

/** `pod and containers "a", "b"`: which of them set a value that is not allowed; '' when none does. */
export function settersText(isPodBad: boolean, names: readonly string[]): string {
  return [...(isPodBad ? ['pod'] : []), ...(names.length === 0 ? [] : [containersText(names)])].join(' and ');
}

export const isWindows = ({ os }: PodSpec): boolean => os?.name === 'windows';

/** Root inside has no rights outside: what only matters for real root is allowed. */
export const hasOwnUsers = ({ hostUsers }: PodSpec): boolean => hostUsers === false;

/** The stricter check, but for pods that `isExempt`. */
export const unless =
  (isExempt: (spec: PodSpec) => boolean, check: PodCheck): PodCheck =>
  (pod) =>
    isExempt(pod.spec) ? undefined : check(pod);
