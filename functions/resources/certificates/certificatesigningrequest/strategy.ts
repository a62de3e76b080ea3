/** Who may set what. Source: pkg/registry/certificates/certificates/strategy.go. */
import type { CertificateSigningRequest, CertificateSigningRequestCondition as Condition } from '../../../kube/generated/types.ts';
import { timestamp } from '../../../kube/time.ts';
import type { WriteContext } from '../../definition.ts';

const answers: readonly string[] = ['Approved', 'Denied'];

/** The server records the author of the request. */
export function prepareForCreate(request: CertificateSigningRequest, { userName, user }: WriteContext): void {
  const { username: _username, uid: _uid, groups: _groups, extra: _extra, ...asked } = request.spec;
  const { uid, groups = [], extra = {} } = user ?? {};
  request.spec = {
    ...asked,
    ...(userName === '' ? {} : { username: userName }),
    ...(uid ? { uid } : {}),
    ...(groups.length === 0 ? {} : { groups: [...groups] }),
    ...(Object.keys(extra).length === 0
      ? {}
      : { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])) }),
  };
  request.status = {};
}

export function prepareForUpdate(next: CertificateSigningRequest, current: CertificateSigningRequest): void {
  next.spec = current.spec;
}

/** A signer changes neither an approval nor a denial. */
export function prepareForStatusUpdate(next: CertificateSigningRequest, current: CertificateSigningRequest, context: WriteContext): void {
  if (next.status?.conditions === undefined) return;
  const stored = current.status?.conditions ?? [];
  let conditions = next.status.conditions;
  for (const answer of answers) {
    const before = stored.filter(({ type }) => type === answer);
    if (before.length !== conditions.filter(({ type }) => type === answer).length) continue;
    const kept = before.values();
    conditions = conditions.map((condition) => (condition.type === answer ? (kept.next().value ?? condition) : condition));
  }
  next.status = { ...next.status, conditions: withTimes(conditions, stored, context) };
}

/** Fills in the times that a writer left out. */
export function withTimes(conditions: readonly Condition[], stored: readonly Condition[], { nowMs }: WriteContext): Condition[] {
  const now = timestamp(nowMs);
  return conditions.map((condition) => {
    const same = stored.find(
      ({ type, status, lastTransitionTime }) => type === condition.type && status === condition.status && Boolean(lastTransitionTime),
    );
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime || now,
      lastTransitionTime: condition.lastTransitionTime || same?.lastTransitionTime || now,
    };
  });
}
