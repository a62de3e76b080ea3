/** The audit policy and the audit log that `hibernetes up` is asked for. */
import { join, resolve } from 'node:path';
import { auditFileDefaults } from '../local/audit-file.ts';
import { readAuditPolicyFile } from '../configuration/audit-policy-file.ts';
import type { AuditSettings, ClusterRecord } from '../local/cluster-record.ts';
import type { DataDirectory } from '../local/data-directory.ts';
import { CliError } from './cli-error.ts';
import { readConfiguration } from './configuration-choices.ts';
import type { UpOptions } from './up.ts';

const policyCure = 'Kubernetes documents audit policies under "Auditing".';

/** What is asked for now counts alone; without a flag, what the cluster recorded before. */
export async function chooseAudit(
  options: UpOptions,
  before: ClusterRecord | undefined,
  { root }: DataDirectory,
): Promise<AuditSettings | undefined> {
  const { auditPolicyFile: file, auditLogPath, auditLogMaxage, auditLogMaxbackup, auditLogMaxsize } = options;
  const log = [auditLogPath, auditLogMaxage, auditLogMaxbackup, auditLogMaxsize];
  if (file === undefined) {
    if (log.every((flag) => flag === undefined)) return before?.audit;
    throw new CliError('An audit log needs a policy.', '--audit-policy-file names a file of kind Policy in audit.k8s.io/v1.');
  }
  const { megabytesMax, daysMax, backupsMax } = auditFileDefaults;
  return {
    policy: await readConfiguration(policyCure, () => readAuditPolicyFile(resolve(file))),
    file: {
      path: resolve(auditLogPath ?? join(root, 'audit.log')),
      megabytesMax: auditLogMaxsize ?? megabytesMax,
      daysMax: auditLogMaxage ?? daysMax,
      backupsMax: auditLogMaxbackup ?? backupsMax,
    },
  };
}
