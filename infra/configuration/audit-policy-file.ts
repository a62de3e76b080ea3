/** The audit policy file of `hibernetes up`. */
import { type AuditPolicy, readAuditPolicy } from '../../functions/apiserver/audit/policy.ts';
import { ConfigurationError } from '../../functions/kube/configuration/configuration-error.ts';
import { fileText } from './file-text.ts';

export async function readAuditPolicyFile(file: string): Promise<AuditPolicy> {
  const text = fileText(file, `loading audit policy file: there is no file ${file}`);
  try {
    return await readAuditPolicy(text);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ConfigurationError(`loading audit policy file: ${error.message}: from file ${file}`, { cause: error });
  }
}
