/**
 * Bounds how many Events are written, by token buckets: of the server, of a namespace, of a user, of a source and object.
 * The buckets are of this process. Source: plugin/pkg/admission/eventratelimit.
 */
import { aggregate, type FieldError, invalid, notSupported } from '../../kube/field-error.ts';
import type { Event } from '../../kube/generated/types.ts';
import type { JsonObject } from '../../kube/object.ts';
import { events } from '../../kube/resource-type.ts';
import { StatusError } from '../../kube/status-error.ts';
import type { Clock } from '../../world.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../ports.ts';
import { ConfigurationError, configured } from './configuration.ts';
import type { PluginKind } from './plugin-kind.ts';
import { isOf } from './refuse.ts';

type LimitType = 'Server' | 'Namespace' | 'User' | 'SourceAndObject';

interface Limit {
  readonly type: LimitType;
  /** Events a second, in the long run. */
  readonly qps: number;
  /** Events at once. */
  readonly burst: number;
  /** How many keys have a bucket at a time. */
  readonly cacheSize: number;
}

const cacheSizeDefault = 4096;

const keys: Readonly<Record<LimitType, (attributes: AdmissionAttributes) => string>> = {
  Server: () => '',
  Namespace: ({ namespace }) => namespace,
  User: ({ user }) => user.name,
  SourceAndObject({ object }) {
    const { source, involvedObject: of } = (object ?? {}) as Partial<Event>;
    return [source?.component, source?.host, of?.kind, of?.namespace, of?.name, of?.uid, of?.apiVersion].join('');
  },
};

const isLimitType = (type: unknown): type is LimitType => typeof type === 'string' && Object.hasOwn(keys, type);

const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);

function limitsOf(configuration: JsonObject | undefined): Limit[] {
  const given = Array.isArray(configuration?.['limits']) ? configuration['limits'] : [];
  const errors: FieldError[] = given.length === 0 ? [invalid('limits', null, 'must not be empty')] : [];
  const limits = given.flatMap((value, index): Limit[] => {
    const { type, qps, burst, cacheSize } = value as Partial<Record<keyof Limit, unknown>>;
    const limit = { qps: numberOf(qps), burst: numberOf(burst), cacheSize: numberOf(cacheSize) };
    errors.push(...limitErrors({ type, ...limit }, `limits[${index}]`));
    return isLimitType(type) ? [{ type, ...limit, cacheSize: limit.cacheSize || cacheSizeDefault }] : [];
  });
  if (errors.length > 0) throw new ConfigurationError(aggregate(errors.map(({ field, message }) => `${field}: ${message}`)));
  return limits;
}

function limitErrors(
  { type, qps, burst, cacheSize }: Record<'qps' | 'burst' | 'cacheSize', number> & { type: unknown },
  path: string,
): FieldError[] {
  const errors: FieldError[] = isLimitType(type) ? [] : [notSupported(`${path}.type`, type ?? '', Object.keys(keys))];
  if (burst <= 0) errors.push(invalid(`${path}.burst`, burst, 'must be positive'));
  if (qps <= 0) errors.push(invalid(`${path}.qps`, qps, 'must be positive'));
  if (type !== 'Server' && cacheSize < 0) errors.push(invalid(`${path}.cacheSize`, cacheSize, 'must not be negative'));
  return errors;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Answers whether another one may pass. The key that was used least recently loses its bucket when there are too many. */
function limiter({ type, qps, burst, cacheSize }: Limit, clock: Pick<Clock, 'monotonicMs'>): (key: string) => boolean {
  const buckets = new Map<string, Bucket>();
  return (key) => {
    const nowMs = clock.monotonicMs();
    const known = buckets.get(key) ?? { tokens: burst, atMs: nowMs };
    const tokens = Math.min(burst, known.tokens + ((nowMs - known.atMs) / 1000) * qps);
    buckets.delete(key);
    buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs: nowMs });
    const oldest = buckets.keys().next().value;
    if (type !== 'Server' && buckets.size > cacheSize && oldest !== undefined) buckets.delete(oldest);
    return tokens >= 1;
  };
}

function eventRateLimitOf(limits: readonly Limit[], clock: Pick<Clock, 'monotonicMs'>): AdmissionPlugin {
  const enforced = limits.map((limit) => ({ type: limit.type, accepts: limiter(limit, clock) }));
  return {
    name: 'EventRateLimit',
    handles: (attributes) =>
      (attributes.operation === 'CREATE' || attributes.operation === 'UPDATE') && !attributes.dryRun && isOf(attributes, events),
    async validate(attributes) {
      const reached = enforced.flatMap(({ type, accepts }) => {
        const key = keys[type](attributes);
        return accepts(key) ? [] : [`limit reached on type ${type} for key ${key}`];
      });
      if (reached.length > 0) throw new StatusError(429, 'TooManyRequests', aggregate(reached));
    },
  };
}

const configurationKind = { apiVersions: ['eventratelimit.admission.k8s.io/v1alpha1'], kind: 'Configuration' };

export const eventRateLimit: PluginKind = {
  name: 'EventRateLimit',
  isDefault: false,
  create: ({ clock }, configuration) => eventRateLimitOf(limitsOf(configured(configuration, configurationKind)), clock),
};
