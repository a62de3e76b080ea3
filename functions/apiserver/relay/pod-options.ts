/**
 * What a client may ask of `log`, `exec`, `attach` and `portforward`, before any node is bothered.
 * Source: pkg/registry/core/pod/strategy.go (validateContainer) and pkg/apis/core/validation (ValidatePodLogOptions).
 */
import type { Container, Pod } from '../../kube/generated/types.ts';
import type { FieldError } from '../../kube/field-error.ts';
import { forbiddenField, invalid, invalidObject } from '../../kube/field-error.ts';
import { nameOf } from '../../kube/object.ts';
import { badRequest } from '../../kube/status-error.ts';

const namesOf = (containers: readonly Pick<Container, 'name'>[] | undefined): string[] => (containers ?? []).map(({ name }) => name);

function onlyContainer(pod: Pod): string {
  const containers = namesOf(pod.spec?.containers);
  const [only] = containers;
  if (containers.length === 1 && only !== undefined) return only;
  const start = `a container name must be specified for pod ${nameOf(pod)}`;
  if (containers.length === 0) throw badRequest(start);
  const inits = namesOf(pod.spec?.initContainers);
  const initText = inits.length === 0 ? '' : ` or one of the init containers: [${inits.join(' ')}]`;
  throw badRequest(`${start}, choose one of: [${containers.join(' ')}]${initText}`);
}

/** The container that is meant: the named one, or the only one. */
function containerOf(pod: Pod, asked: string): string {
  if (asked === '') return onlyContainer(pod);
  const { containers, initContainers, ephemeralContainers } = pod.spec ?? {};
  const all = [...namesOf(containers), ...namesOf(initContainers), ...namesOf(ephemeralContainers)];
  if (!all.includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${nameOf(pod)}`);
  return asked;
}

function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

function atLeast(query: URLSearchParams, name: string, least: 0 | 1): FieldError[] {
  const value = integer(query, name);
  if (value === undefined || value >= least) return [];
  return [invalid(name, value, least === 0 ? 'must be greater than or equal to 0' : 'must be greater than 0')];
}

function logOptionErrors(query: URLSearchParams): FieldError[] {
  const errors = [...atLeast(query, 'tailLines', 0), ...atLeast(query, 'limitBytes', 1)];
  if (query.has('sinceSeconds') && query.has('sinceTime')) {
    return [...errors, forbiddenField('', 'at most one of `sinceTime` or `sinceSeconds` may be specified')];
  }
  return [...errors, ...atLeast(query, 'sinceSeconds', 1)];
}

const withContainer = (pod: Pod, query: URLSearchParams): URLSearchParams => {
  const complete = new URLSearchParams(query);
  complete.set('container', containerOf(pod, query.get('container') ?? ''));
  return complete;
};

/** Subresource → the query that goes to the node; throws a StatusError for one that makes no sense. */
const optionsOf: Readonly<Record<string, (pod: Pod, query: URLSearchParams) => URLSearchParams>> = {
  log(pod, query) {
    const errors = logOptionErrors(query);
    if (errors.length > 0) throw invalidObject({ group: '', kind: 'PodLogOptions' }, nameOf(pod), errors);
    return withContainer(pod, query);
  },
  exec: withContainer,
  attach: withContainer,
};

export const podQuery = (subresource: string, pod: Pod, query: URLSearchParams): URLSearchParams =>
  optionsOf[subresource]?.(pod, query) ?? query;
