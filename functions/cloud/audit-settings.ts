/** Which requests the clusters of a stack record, and where: what a deployment chose, as two settings of its functions. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Audit } from '../apiserver/audit/audit.ts';
import { type AuditPolicy, auditPolicyOf } from '../apiserver/audit/policy.ts';
import { ConfigurationError } from '../kube/configuration/configuration-error.ts';
import type { AwsAccess } from '../aws/json-service.ts';
import type { Json } from '../kube/object.ts';
import type { World } from '../world.ts';

export interface AuditSettings {
  /** Name of the log group in CloudWatch Logs. */
  readonly group: string;
  /** The policy as `writtenPolicy` wrote it. */
  readonly policy: string;
}

export interface Recorded {
  readonly audit: Audit;
  /** Resolves when the events so far are stored or lost. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** All settings of a function have 4 KB. Source: AWS Lambda, quotas. */
const writtenCharactersMax = 2_048;

/** A Policy document, checked. Throws a ConfigurationError. */
export const checkedPolicy = (document: Json): AuditPolicy => auditPolicyOf(document, JSON.stringify(document));

/** As short text. Throws a ConfigurationError where it is too long. */
export function writtenPolicy(policy: AuditPolicy): string {
  const written = deflateRawSync(JSON.stringify(policy)).toString('base64');
  if (written.length <= writtenCharactersMax) return written;
  throw new ConfigurationError(`the policy is too long for a function: ${written.length} characters, ${writtenCharactersMax} at most`);
}

export const readPolicy = (written: string): AuditPolicy =>
  JSON.parse(inflateRawSync(Buffer.from(written, 'base64')).toString()) as AuditPolicy;

export async function openAudit({ group, policy }: AuditSettings, cluster: string, world: World, access?: AwsAccess): Promise<Recorded> {
  const [{ createAudit }, { createAuditLog }] = await Promise.all([import('../apiserver/audit/audit.ts'), import('./audit-log.ts')]);
  const sink = createAuditLog({ group, prefix: cluster, world, ...(access === undefined ? {} : { access }) });
  const audit = createAudit({ policy: readPolicy(policy), sink, clock: world.clock });
  return { audit, settled: () => sink.settled(), close: () => sink.close() };
}
