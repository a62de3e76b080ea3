/** Source: pkg/apis/core/v1/{defaults,conversion}.go. */
import type { Secret } from '../../../kube/generated/types.ts';

/** `stringData` can only be written: it becomes part of `data`, and wins over it. */
export function setSecretDefaults(secret: Secret): void {
  secret.type ||= 'Opaque';
  if (secret.stringData === undefined) return;
  const encoded = Object.entries(secret.stringData).map(([key, text]) => [key, Buffer.from(text).toString('base64')] as const);
  secret.data = { ...secret.data, ...Object.fromEntries(encoded) };
  delete secret.stringData;
}
